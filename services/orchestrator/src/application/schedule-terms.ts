import type { JsonValue } from '@multiswarm/contracts';
import type { Conduct } from '../domain/schedule/schedule';
import type { ListedSchedule, ScheduleBody, StoredSchedule } from '../schedule-ports';
import { cronTimes } from './cron-times';

/** What decides about the times of a schedule. */
export function conductOf({
  namespace,
  name,
  body,
}: Pick<ListedSchedule, 'namespace' | 'name' | 'body'>): Conduct {
  const { overlap, jitterMs, catchUpMs } = body;
  return { id: `${namespace}/${name}`, times: cronTimes(body), overlap, jitterMs, catchUpMs };
}

/** The idempotency key of the run for a time: whoever submits it again gets the same run. */
export function keyOf(name: string, at: number): string {
  return `schedule:${name}:${new Date(at).toISOString()}`;
}

/**
 * What is submitted for a time.
 * @param at epoch ms
 */
export function submissionOf(
  {
    namespace,
    name,
    body,
  }: Pick<StoredSchedule, 'namespace' | 'name'> & {
    body: Pick<ScheduleBody, 'workflow' | 'timeField'>;
  },
  at: number,
): Record<string, unknown> {
  const scheduledAt = new Date(at).toISOString();
  const { workflow, timeField } = body;
  const { metadata, input } = workflow;
  return {
    ...(workflow['definition'] === undefined ? { name } : {}),
    ...workflow,
    namespace,
    idempotencyKey: keyOf(name, at),
    metadata: { ...fieldsOf(metadata), scheduledAt },
    ...(timeField === undefined ? {} : { input: { ...fieldsOf(input), [timeField]: scheduledAt } }),
  };
}

function fieldsOf(value: JsonValue | undefined): Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

import { LIMITS, MultiswarmError, summarize, type Finding } from '@multiswarm/contracts';
import type { NamedSchedule, ScheduleBody } from '../schedule-ports';
import { timingFaults } from './cron-times';
import type { Gateway } from './gateway';
import { submissionOf } from './schedule-terms';

type Checked = NamedSchedule & { body: Omit<ScheduleBody, 'createdAt' | 'updatedAt' | 'requestedBy'> };

/** What is wrong with a schedule, before it is stored. */
export class ScheduleChecks {
  constructor(private readonly gateway: Pick<Gateway, 'validate'>) {}

  /**
   * @param now epoch ms
   * @throws MultiswarmError `invalid-request` with every finding about its times, and about what it starts; `body-too-large`
   */
  async check(schedule: Checked, now: number): Promise<void> {
    const { body } = schedule;
    const bytes = Buffer.byteLength(JSON.stringify(body));
    if (bytes > LIMITS.SCHEDULE_BYTES) throw tooLarge(bytes);
    const own = [...timingFaults(body, now), ...workflowFaults(body)];
    const { findings } = await this.gateway.validate(submissionOf(schedule, now));
    const all = [...own, ...findings.map(inWorkflow)].slice(0, LIMITS.FINDINGS);
    if (all.length > 0) throw new MultiswarmError('invalid-request', summarize(all), { findings: all });
  }
}

/** What a workflow may have, and a schedule of it may not. */
function workflowFaults({ workflow, timeField }: Checked['body']): Finding[] {
  const findings: Finding[] = [];
  const found = (pointer: string, code: string, message: string) => findings.push({ pointer, code, message });
  if (workflow['namespace'] !== undefined)
    found('/workflow/namespace', 'namespace', 'runs have the namespace of their schedule: remove it');
  if (workflow['idempotencyKey'] !== undefined)
    found('/workflow/idempotencyKey', 'idempotency-key', 'each run has a key of its own: remove it');
  if (workflow['deadline'] !== undefined)
    found('/workflow/deadline', 'deadline', 'every run would have the same one: give timeoutMs');
  const { input } = workflow;
  if (timeField !== undefined && input !== undefined && !isObject(input))
    found('/timeField', 'time-field', 'the input is no object, so that it has no fields');
  return findings;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inWorkflow({ pointer, ...finding }: Finding): Finding {
  return { ...finding, pointer: `/workflow${pointer}` };
}

function tooLarge(bytes: number): MultiswarmError {
  const message = `the schedule has ${bytes} bytes, the limit is ${LIMITS.SCHEDULE_BYTES} (SCHEDULE_BYTES): make its workflow a definition`;
  return new MultiswarmError('body-too-large', message, {
    findings: [{ pointer: '', code: 'body-too-large', message }],
  });
}

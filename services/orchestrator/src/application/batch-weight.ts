import type { TaskSpec } from '@multiswarm/contracts';
import type { Write } from '../ports';

/**
 * What a batch may weigh. The unit is a byte on its way to Redis; what costs Redis more time than its bytes tell weighs as
 * many bytes as Redis takes in that time, about 100 per microsecond (measured). So a full batch is half a megabyte, or
 * keeps Redis busy for about 5 ms.
 */
export const BATCH_WEIGHT = 512 * 1024;

const EVENT = 350;
/** An event that no history keeps. */
const TOLD_EVENT = 200;
const NEW_TASK = 600;
const CHANGED_TASK = 400;
const ATTEMPT = 300;
/** Of a placement by the load-balancer. */
const RECEIPT = 400;
const RUN = 600;
const STEP = 120;
const MOVE = 150;
/** Counts are summed before they are written. */
const COUNT = 16;
/** Five removals, and the memory to be given back. */
const FORGOTTEN = 600;

/** Cheap and rough: what varies is inputs, outputs, signals and metadata, whose JSON is about as long as they are in memory. */
export function weightOf(writes: readonly Write[]): number {
  let weight = 0;
  for (const write of writes) weight += weightOfOne(write);
  return weight;
}

/** What one change may weigh, where it can be made of several: a change is committed whole. */
export const CHANGE_WEIGHT = BATCH_WEIGHT / 2;

/** The same of tasks that are about to be made. */
export function weightOfNew(tasks: readonly { spec: TaskSpec }[]): number {
  let weight = 0;
  for (const { spec } of tasks) weight += CHANGED_TASK + weightOfSpec(spec);
  return weight;
}

function weightOfSpec({ input, metadata }: TaskSpec): number {
  return NEW_TASK + roughSize(input) + roughSize(metadata);
}

function weightOfOne(write: Write): number {
  switch (write.kind) {
    case 'task': {
      const { spec, attempts, output, signals } = write.record;
      let weight = CHANGED_TASK + roughSize(output) + roughSize(signals) + TOLD_EVENT * (write.tells ?? 0);
      for (const { receipt } of attempts) weight += receipt ? ATTEMPT + RECEIPT : ATTEMPT;
      return write.isNew ? weight + weightOfSpec(spec) : weight;
    }
    case 'run':
      return write.isNew ? RUN + STEP * write.record.spec.steps.length : RUN;
    case 'run-progress':
      return RUN;
    case 'run-steps':
      return RUN + STEP * write.steps.length;
    case 'event':
    case 'keep':
      return EVENT + roughSize(write.event.data);
    case 'forget':
      return FORGOTTEN * (1 + write.taskIds.length);
    case 'count':
      return COUNT;
    case 'root-ended':
    case 'root-reopened':
      return MOVE;
  }
}

function roughSize(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 2;
  if (Array.isArray(value)) for (const inner of value) size += 8 + roughSize(inner);
  else for (const name in value) size += 8 + roughSize((value as Record<string, unknown>)[name]);
  return size;
}

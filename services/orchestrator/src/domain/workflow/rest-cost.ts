import type { WorkflowStep } from '@multiswarm/contracts';
import type { Forecast } from '@multiswarm/workflow';
import { currentAttempt, type Attempt, type TaskRecord } from '../task/record';

const HOUR_MS = 3_600_000;

/** What slots have cost so far: USD, and the hours for which they were held. */
class Paid {
  private usd = 0;
  private hours = 0;

  note(usd: number, hours: number): void {
    this.usd += usd;
    this.hours += hours;
  }

  get perHour(): number | undefined {
    return this.hours > 0 ? this.usd / this.hours : undefined;
  }
}

/**
 * USD that the open steps will cost: their expected time at the mean price per slot-hour that steps of their type have paid,
 * else that all steps of the run have. A step that runs costs its own price from its start on, since it has not paid yet.
 * @returns undefined where no price is known
 */
export function costOfRest(
  open: readonly WorkflowStep[],
  tasks: ReadonlyMap<string, TaskRecord>,
  { steps }: Forecast,
  now: number,
): number | undefined {
  const all = new Paid();
  const byType = new Map<string, Paid>();
  for (const { spec, attempts } of tasks.values()) {
    const paid = byType.get(spec.type) ?? new Paid();
    for (const attempt of attempts) {
      const hours = hoursOf(attempt, now);
      const usd = attempt.cost ?? attempt.costPerSlotHour * hours;
      paid.note(usd, hours);
      all.note(usd, hours);
    }
    byType.set(spec.type, paid);
  }
  if (all.perHour === undefined) return undefined;
  return open.reduce((sum, step) => {
    const told = steps.get(step.id);
    if (!told || isNoWork(step)) return sum;
    const task = tasks.get(step.taskId);
    const own = step.state === 'running' && task ? currentAttempt(task)?.costPerSlotHour : undefined;
    const price = own ?? byType.get(step.type)?.perHour ?? all.perHour ?? 0;
    return sum + ((told.endAt - told.startAt) / HOUR_MS) * price;
  }, 0);
}

/** No slot is held for a step that only waits, or for what its items do. */
function isNoWork({ control }: WorkflowStep): boolean {
  return control !== undefined;
}

function hoursOf({ startedAt, endedAt }: Attempt, now: number): number {
  return startedAt === undefined ? 0 : Math.max(0, (endedAt ?? now) - startedAt) / HOUR_MS;
}

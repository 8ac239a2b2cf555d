import type { Event } from '@multiswarm/contracts';
import { paintState, type Paint } from '../output/paint';

/** `2024-06-01T12:00:00.000Z  task.running  t3-0198…  step test, attempt 1, on eu-west-1 (eu-west)` */
export function eventLine(event: Event, color: Paint): string {
  const [kind = '', fact = ''] = event.type.split('.');
  const type = `${kind}.${paintState(color, fact)}${' '.repeat(Math.max(0, LONGEST_TYPE - event.type.length))}`;
  const subject = event.taskId ?? event.workflowId ?? event.root;
  return `${new Date(event.at).toISOString()}  ${type}  ${subject}  ${eventDetail(event)}`.trimEnd();
}

const LONGEST_TYPE = 'workflow.cancel-requested'.length;

/** What an event says beside its type: step, attempt, place, reason. */
export function eventDetail({ step, attempt, swarmId, region, data }: Event): string {
  const words = [
    step === undefined ? '' : `step ${step}`,
    attempt === undefined ? '' : `attempt ${attempt}`,
    swarmId === undefined ? '' : `on ${swarmId}${region === undefined ? '' : ` (${region})`}`,
    ...Object.entries(data ?? {}).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
  ];
  return words.filter((word) => word !== '').join(', ');
}

import type { Event } from '@multiswarm/contracts';
import { formatMs } from '../output/durations';
import { paintState, type Paint } from '../output/paint';
import type { View } from '../output/printer';

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

/** All that happened to one root. @param start epoch ms, from which times are counted */
export function historyView(start: number): View<Event> {
  return {
    name: ({ root, seq }) => `${root}/${seq}`,
    none: 'no events',
    columns: ({ color }) => [
      { header: 'TIME', value: ({ at }) => new Date(at).toISOString() },
      { header: 'AFTER', value: ({ at }) => `+${formatMs(at - start)}`, align: 'right' },
      { header: 'EVENT', value: ({ type }) => paintType(type, color) },
      { header: 'SEQ', value: ({ seq }) => String(seq), align: 'right', wide: true },
      { header: 'TASK', value: ({ taskId }) => taskId ?? '-', wide: true },
      { header: 'WHAT', value: (event) => eventDetail(event) || '-' },
    ],
  };
}

function paintType(type: string, color: Paint): string {
  const [kind = '', fact = ''] = type.split('.');
  return `${kind}.${paintState(color, fact)}`;
}

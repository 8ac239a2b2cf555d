import type {
  DeadLetter,
  DeadLetterCounts,
  DeadLetterDetail,
  DeadLetterReply,
  DeadLetterResult,
} from '@multiswarm/contracts';
import { formatAge, formatCost } from '../output/durations';
import { paintState } from '../output/paint';
import type { View, ViewContext } from '../output/printer';
import { alignRows } from '../output/table';
import { attemptText, section, timeline, valueText } from './task-detail';

/** Groups that the line under a list names. */
const GROUPS_SHOWN = 5;

const CAUSES: Readonly<Record<string, string>> = {
  'attempts-used-up': 'all attempts of its retry policy failed',
  'not-retryable': 'its error is not to be retried',
  'attempts-lost': 'too many attempts were lost with their swarms',
  'time-used-up': 'no further attempt fitted into retry.totalMs',
  'deadline-passed': 'its deadline passed',
  'never-started': 'no attempt started in time',
  'signal-missing': 'the signal that it waited for did not come',
};

/** Why nothing more was tried; a newer server may have other words for it. */
export function causeText({ cause }: Pick<DeadLetter, 'cause'>): string {
  return CAUSES[cause] ?? cause;
}

export const deadLetterView: View<DeadLetter> = {
  name: ({ id }) => id,
  none: 'no dead letters',
  columns: ({ color, now }) => [
    { header: 'TASK', value: ({ id }) => id },
    { header: 'TYPE', value: ({ type }) => type },
    { header: 'STATE', value: ({ state }) => paintState(color, state) },
    { header: 'CAUSE', value: ({ cause }) => cause },
    { header: 'CODE', value: ({ error }) => error?.code ?? '-' },
    { header: 'ATTEMPT', value: ({ attempt }) => String(attempt), align: 'right' },
    { header: 'SWARM', value: ({ swarmId }) => swarmId ?? '-' },
    { header: 'NAMESPACE', value: ({ namespace }) => namespace, wide: true },
    { header: 'COST', value: ({ cost }) => formatCost(cost), align: 'right', wide: true },
    { header: 'REDRIVE', value: ({ notRedrivable }) => notRedrivable ?? 'yes', wide: true },
    { header: 'ERROR', value: ({ error }) => firstLine(error?.message), wide: true },
    { header: 'ENDED', value: ({ endedAt }) => formatAge(now - Date.parse(endedAt)), align: 'right' },
  ],
};

function firstLine(text = '-'): string {
  return text.split('\n', 1)[0] ?? '-';
}

export const deadLetterDetailView: View<DeadLetterDetail> = {
  name: ({ id }) => id,
  none: '',
  columns: (context) => deadLetterView.columns(context),
  detail: detailText,
};

function detailText(letter: DeadLetterDetail, { color, now }: ViewContext): string {
  const rows: [string, string][] = [
    ['type', letter.type],
    ['priority', `${letter.priority}, namespace ${letter.namespace}`],
    ['cause', causeText(letter)],
    ['ended', `${letter.endedAt} (${formatAge(now - Date.parse(letter.endedAt))} ago)`],
    [
      'attempts',
      `${letter.attempt}: ${letter.failures} failed, ${letter.losses} lost since it was last opened`,
    ],
    ['redrive', letter.notRedrivable === undefined ? 'possible' : `not possible: ${letter.notRedrivable}`],
    ['cost', formatCost(letter.cost)],
    ['trace', letter.traceId],
  ];
  const facts = alignRows(
    rows.map(([label, value]) => [color.dim(label), value]),
    { indent: '  ' },
  );
  const { error, history, attempts } = letter;
  return [
    `${color.bold(letter.id)}  ${paintState(color, letter.state)}\n${facts}`,
    error ? section(color, 'error', `  ${error.message} (${error.code})\n`) : '',
    section(color, 'timeline', timeline(history)),
    attempts.length > 0
      ? section(color, 'attempts', attempts.map((one) => attemptText(one, color)).join(''))
      : '',
    section(color, 'input', valueText(letter.id, 'input', letter.input, letter.inputRef)),
  ]
    .filter((text) => text !== '')
    .join('\n');
}

/** `120 in all; by code: no-key 100, attempt-lost 20; by type: report 120` */
export function countsText({ total, complete, byCode, byType }: DeadLetterCounts): string {
  const groups = (list: readonly [string, number][]): string => {
    const shown = list.slice(0, GROUPS_SHOWN).map(([name, count]) => `${name || '(none)'} ${count}`);
    return [...shown, ...(list.length > GROUPS_SHOWN ? ['…'] : [])].join(', ');
  };
  const codes = groups(byCode.map(({ code, count }) => [code, count]));
  const types = groups(byType.map(({ type, count }) => [type, count]));
  return `${complete ? '' : 'more than '}${total} in all; by code: ${codes}; by type: ${types}`;
}

export const letterResultView: View<DeadLetterResult> = {
  name: ({ id }) => id,
  none: 'no dead letter matches',
  columns: ({ color }) => [
    { header: 'TASK', value: ({ id }) => id },
    {
      header: 'OUTCOME',
      value: ({ outcome }) => (outcome === 'refused' ? color.red(outcome) : outcome),
    },
    { header: 'STATE', value: ({ state }) => (state === undefined ? '-' : paintState(color, state)) },
    { header: 'WHY', value: ({ error }) => error?.detail ?? '-' },
  ],
};

const DONE = { redrive: 'redriven', purge: 'purged' } as const;

/** `would be redriven: 3, unchanged 0, refused 1` */
export function sumText(
  verb: keyof typeof DONE,
  { dryRun, done, unchanged, refused }: Pick<DeadLetterReply, 'dryRun' | 'done' | 'unchanged' | 'refused'>,
): string {
  return `${dryRun ? 'would be ' : ''}${DONE[verb]}: ${done}, unchanged ${unchanged}, refused ${refused}`;
}

import { isTerminal, type Explanation, type LimitStanding, type Why } from '@multiswarm/contracts';
import { formatMs } from '../output/durations';
import { paintState, type Paint } from '../output/paint';
import type { View, ViewContext } from '../output/printer';
import { alignRows } from '../output/table';
import { wrapText } from '../output/wrap';
import { requirementsText, wishesText } from './requirements';
import { attemptText, rejectionText } from './task-detail';

type Row = [label: string, value: string];
const INDENT = 2;
/** Between two columns. */
const GAP = 2;

/** Why a task is where it is, for people: what matters most comes first. */
export const explanationView: View<Explanation> = {
  name: ({ id }) => id,
  none: 'nothing to explain',
  columns: ({ color }) => [
    { header: 'TASK', value: ({ id }) => id },
    { header: 'STATE', value: ({ state }) => paintState(color, state) },
    { header: 'REASON', value: ({ why }) => why.reason },
    { header: 'WHY', value: ({ why }) => why.detail },
  ],
  detail: explanationText,
};

function explanationText(told: Explanation, { color, width = Infinity }: ViewContext): string {
  const now = Date.parse(told.explainedAt);
  const sections = [
    headline(told, color, now),
    rowsText([...whyRows(told.why, now), ...askedRows(told), ...lineRows(told, now)], color, width),
    section(color, 'next', nextText(told, now)),
    section(color, triesText(told), attemptsText(told, color, now)),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

function section(color: Paint, title: string, body: string): string {
  return body === '' ? '' : `${color.bold(title)}\n${body}`;
}

function headline(told: Explanation, color: Paint, now: number): string {
  const { id, state, stateSince, type, priority, namespace, workflowId, step, paused } = told;
  const since = formatMs(Math.max(0, now - Date.parse(stateSince)));
  const how = `${paintState(color, state)}${paused ? ` ${color.yellow('(paused)')}` : ''}`;
  const where = workflowId === undefined ? '' : `, step ${step ?? ''} of ${workflowId}`;
  return (
    `${color.bold(id)}  ${how} ${isTerminal(state) ? `${since} ago` : `for ${since}`}\n` +
    `  ${color.dim(`${type}, priority ${priority}, namespace ${namespace}${where}`)}\n`
  );
}

/** Long values are broken under each other. */
function rowsText(rows: readonly Row[], color: Paint, width: number): string {
  const labels = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.flatMap(([label, value]) =>
    wrapText(value, width - labels - INDENT - GAP).map((line, index): Row => [
      index === 0 ? label : '',
      line,
    ]),
  );
  return alignRows(
    lines.map(([label, value]) => [color.dim(label), value]),
    { indent: ' '.repeat(INDENT) },
  );
}

function whyRows(why: Why, now: number): Row[] {
  const { since, until, detail, requestedBy, unmet, error, limits = [], capacity, steps = [] } = why;
  const rows: (Row | undefined)[] = [
    ['why', detail],
    requestedBy === undefined ? undefined : ['asked by', requestedBy],
    ['since', when(since, now)],
    until === undefined ? undefined : ['until', when(until, now)],
    error && !detail.includes(error.message) ? ['error', `${error.message} (${error.code})`] : undefined,
    ...limits.map((limit): Row => [limitName(limit), limitText(limit)]),
    ...capacityRows(why.reason, capacity),
    ...unmet.filter(({ rule }) => rule !== 'slot').map((one): Row => ['nobody has', rejectionText(one)]),
    ...steps.map(({ id, taskId, state }): Row => ['step', `${id} is ${state} (${taskId})`]),
  ];
  return rows.filter((row) => row !== undefined);
}

function limitName({ key }: LimitStanding): string {
  return key === undefined ? 'limit of all' : `limit ${key}`;
}

/** `2 of 2 at the same time, 10 starts in 1m 00s: used up; held by t3-…, t4-…` */
function limitText({
  concurrency,
  rate,
  running,
  isUsedUp,
  isCounted,
  nextStartAt,
  heldBy,
}: LimitStanding): string {
  const words = [
    concurrency === undefined ? '' : `${running} of ${concurrency} at the same time`,
    rate === undefined ? '' : `${rate.tasks} starts in ${formatMs(rate.perMs)}`,
  ].filter((word) => word !== '');
  const state = isUsedUp ? ', used up' : ', not used up';
  const more = [
    isCounted ? '' : 'not all that runs is counted yet',
    nextStartAt === undefined ? '' : `next start ${clock(nextStartAt)}`,
    isUsedUp && heldBy.length > 0
      ? `held by ${heldBy.join(', ')}${running > heldBy.length ? ', …' : ''}`
      : '',
  ].filter((word) => word !== '');
  return `${words.join(', ')}${state}${more.map((word) => `; ${word}`).join('')}`;
}

function capacityRows(reason: Why['reason'], capacity: Why['capacity']): Row[] {
  if (!capacity) return [];
  const { known, feasible, slots, busySlots, swarms, nearest } = capacity;
  if (feasible === 0)
    return nearest.map(({ swarmId, region, state, lacks }, index) => {
      const but = lacks.length > 0 ? `lacks ${lacks.join(', ')}` : `has all of it, but is ${state}`;
      return [index === 0 ? 'nearest' : '', `${swarmId} (${region}) ${but}`];
    });
  const named = swarms.map(
    ({ swarmId, region, slots: of, busySlots: busy }) => `${swarmId} (${region}) ${busy}/${of}`,
  );
  const more = feasible > swarms.length ? ', …' : '';
  const who = `${feasible} of ${known} ${known === 1 ? 'swarm' : 'swarms'}, ${busySlots} of ${slots} slots busy`;
  return [['could run it', reason === 'no-slot' ? `${who}: ${named.join(', ')}${more}` : who]];
}

/** What it asks for, where it asks for something. */
function askedRows({ requirements, routing }: Explanation): Row[] {
  const wishes = wishesText(routing);
  return [
    ...(Object.keys(requirements).length === 0 ? [] : [['needs', requirementsText(requirements)] as Row]),
    ...(wishes === undefined ? [] : [['wishes', wishes] as Row]),
  ];
}

function lineRows({ line, likelyStart, why }: Explanation, now: number): Row[] {
  const rows: Row[] = [];
  if (line) {
    const { before, isLeast, otherTasks, otherClasses, ofClass } = line;
    const others =
      otherTasks === 0
        ? 'no other class waits'
        : `${count(otherTasks, 'task')} of ${count(otherClasses, 'other class', 'other classes')} ${otherTasks === 1 ? 'waits' : 'wait'} too`;
    rows.push(['in line', `${placeText(before, isLeast, ofClass)}; ${others}`]);
  }
  if (likelyStart) {
    const { starts, inMs } = likelyStart.pace;
    rows.push([
      'likely start',
      `${when(likelyStart.at, now)}, as ${starts} of its class started in ${formatMs(inMs)}`,
    ]);
  } else if (line && why.until === undefined && why.reason !== 'no-swarm' && why.reason !== 'region-down') {
    const cause = line.isLeast ? 'too many are before it' : 'none of its class has started since others wait';
    rows.push(['likely start', `not known: ${cause}`]);
  }
  return rows;
}

function placeText(before: number, isLeast: boolean, ofClass: number): string {
  if (ofClass === 1) return 'the only one of its class';
  if (before === 0) return `the first of ${ofClass} of its class`;
  return `${isLeast ? 'more than ' : ''}${before} before it, of ${ofClass} of its class`;
}

function nextText({ next }: Explanation, now: number): string {
  return alignRows(
    next.map(({ at, detail }) => [relative(at, now), clock(at), detail]),
    { indent: '  ' },
  );
}

/** `tried twice: 1 of at most 3 failed, 1 lost` */
function triesText({ tries, attempts: shown }: Explanation): string {
  const { attempts, failures, maxAttempts, losses, refusals } = tries;
  const words = [
    failures > 0 ? `${failures} of at most ${maxAttempts} failed` : '',
    losses > 0 ? `${losses} lost` : '',
    refusals > 0 ? `refused ${times(refusals)}` : '',
    shown.length < attempts ? `the last ${shown.length} are kept` : '',
  ].filter((word) => word !== '');
  return `tried ${times(attempts)}${words.length > 0 ? `: ${words.join(', ')}` : ''}`;
}

function times(number: number): string {
  return number === 1 ? 'once' : number === 2 ? 'twice' : `${number} times`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** The last one first: it is what people look for. */
function attemptsText({ attempts }: Explanation, color: Paint, now: number): string {
  return attempts
    .toReversed()
    .map((one) => attemptText(one, color, `, ${relative(new Date(one.assignedAt).toISOString(), now)}`))
    .join('');
}

function when(instant: string, now: number): string {
  return `${relative(instant, now)} (${clock(instant)})`;
}

/** `in 12.0 s`, `3m 05s ago` */
function relative(instant: string, now: number): string {
  const ms = Date.parse(instant) - now;
  return ms > 0 ? `in ${formatMs(ms)}` : `${formatMs(-ms)} ago`;
}

/** Without the milliseconds: `2024-06-01 12:00:00Z` */
function clock(instant: string): string {
  return `${instant.slice(0, 19).replace('T', ' ')}Z`;
}

import type {
  AttemptRecord,
  Event,
  JsonValue,
  LateResult,
  PayloadRef,
  Progress,
  Receipt,
  Rejection,
  Signal,
  Task,
  Waiting,
} from '@multiswarm/contracts';
import { formatBytes } from '../output/bytes';
import { formatAge, formatCost, formatMs } from '../output/durations';
import { paintState, type Paint } from '../output/paint';
import type { ViewContext } from '../output/printer';
import { alignRows } from '../output/table';
import { eventDetail } from './event';
import { requirementsText, wishesText } from './requirements';
import { pairs } from './swarm';

/** Longer JSON is cut in the text; `-o json` has all of it. */
const JSON_LINES = 40;
/** What is beyond does not tell swarms apart for a reader. */
const SCORE_DIGITS = 4;

/** Everything about one task, in the order of the questions: what is it, why does it wait, what happened, where and why there, what came out. */
export function taskDetail(task: Task, events: readonly Event[], { color, now }: ViewContext): string {
  const sections = [
    `${color.bold(task.id)}  ${paintState(color, task.state)}${task.paused ? ` ${color.yellow('(paused)')}` : ''}\n${facts(task, color, now)}`,
    task.waiting ? section(color, 'why it waits', waitingText(task.waiting)) : '',
    task.error ? section(color, 'error', `  ${task.error.message} (${task.error.code})\n`) : '',
    events.length > 0 ? section(color, 'timeline', timeline(events)) : '',
    task.attempts.length > 0
      ? section(color, 'attempts', task.attempts.map((one) => attemptText(one, color)).join(''))
      : '',
    task.signals && task.signals.length > 0 ? section(color, 'signals', signalsText(task.signals)) : '',
    section(color, 'input', valueText(task.id, 'input', task.input, task.inputRef)),
    task.output === undefined
      ? ''
      : section(color, 'output', valueText(task.id, 'output', task.output, task.outputRef)),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

/** A value, or where it is to be had. */
export function valueText(
  id: string,
  part: 'input' | 'output',
  value: JsonValue,
  ref: PayloadRef | undefined,
): string {
  if (ref === undefined) return jsonText(value);
  const option = part === 'input' ? ' --input' : '';
  return `  ${formatBytes(ref.bytes)}, as payload ${ref.id}: "swarmctl task output ${id}${option}"\n`;
}

export function section(color: Paint, title: string, body: string): string {
  return `${color.bold(title)}\n${body}`;
}

function facts(task: Task, color: Paint, now: number): string {
  const rows: [string, string][] = [
    ['type', task.type],
    ['priority', `${task.priority}, namespace ${task.namespace}`],
    ['needs', requirementsText(task.requirements)],
    ...wishRows(task),
    ['attempt', `${task.attempt} of at most ${task.retry.maxAttempts}`],
    ['created', `${task.createdAt} (${formatAge(now - Date.parse(task.createdAt))} ago)`],
  ];
  if (task.workflowId !== undefined)
    rows.splice(1, 0, [
      'workflow',
      `${task.workflowId}${task.step === undefined ? '' : `, step ${task.step}`}`,
    ]);
  if (task.swarmId !== undefined) rows.push(['where', `${task.swarmId} (${task.region ?? '?'})`]);
  rows.push(...conditions(task));
  if (task.progress !== undefined) rows.push(['progress', progressText(task.progress)]);
  if (task.retryAt !== undefined) rows.push(['next try', task.retryAt]);
  if (task.paused !== undefined)
    rows.push(['paused', `${task.paused.at}${by(task.paused.requestedBy)}: ${task.paused.reason}`]);
  if (task.cancelRequestedAt !== undefined)
    rows.push(['cancel asked', `${task.cancelRequestedAt}${by(task.cancelRequestedBy)}`]);
  rows.push(['cost', formatCost(task.cost) + tokens(task.usage)]);
  if (Object.keys(task.metadata).length > 0) rows.push(['metadata', pairs(task.metadata)]);
  rows.push(['trace', task.traceId]);
  return alignRows(
    rows.map(([label, value]) => [color.dim(label), value]),
    { indent: '  ' },
  );
}

function wishRows({ routing }: Pick<Task, 'routing'>): [string, string][] {
  const wishes = wishesText(routing);
  return wishes === undefined ? [] : [['wishes', wishes]];
}

function by(name: string | undefined): string {
  return name === undefined ? '' : ` by ${name}`;
}

/** What decides when it may start, and until when it must have. */
function conditions(task: Task): [string, string][] {
  const { notBefore, waitFor, fairnessKey, limitKeys = [], rerunOf } = task;
  const rows: [string, string | undefined][] = [
    ['not before', notBefore],
    ['waits for', waitFor && `signal ${waitFor.signal}${within(waitFor.timeoutMs)}`],
    ['turns by', fairnessKey],
    ['limit keys', limitKeys.length === 0 ? undefined : limitKeys.join(', ')],
    ['time limits', timeLimits(task)],
    ['again after', rerunOf],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

function timeLimits({ timeouts, retry }: Task): string | undefined {
  const { scheduleToStartMs, startToCloseMs, heartbeatMs, deadline } = timeouts;
  const words = [
    scheduleToStartMs === undefined ? '' : `start${within(scheduleToStartMs)}`,
    startToCloseMs === undefined ? '' : `an attempt${within(startToCloseMs)}`,
    heartbeatMs === undefined ? '' : `a sign of life${within(heartbeatMs)}`,
    retry.totalMs === undefined ? '' : `retries${within(retry.totalMs)}`,
    deadline === undefined ? '' : `ended by ${deadline}`,
  ].filter((word) => word !== '');
  return words.length === 0 ? undefined : words.join(', ');
}

function within(ms: number | undefined): string {
  return ms === undefined ? '' : ` within ${formatMs(ms)}`;
}

/** `40%, 2 of 5 files read` */
export function progressText({ fraction, message }: Pick<Progress, 'fraction' | 'message'>): string {
  const words = [fraction === undefined ? '' : `${Math.round(fraction * 100)}%`, message ?? ''];
  return words.filter((word) => word !== '').join(', ') || '-';
}

function signalsText(signals: readonly Signal[]): string {
  return alignRows(
    signals.map(({ name, payload, at }) => [new Date(at).toISOString(), name, JSON.stringify(payload)]),
    { indent: '  ' },
  );
}

function tokens({ inputTokens, outputTokens }: Task['usage']): string {
  if (inputTokens === undefined && outputTokens === undefined) return '';
  return `, ${inputTokens ?? 0} tokens in, ${outputTokens ?? 0} out`;
}

/** Why a task waits, and what nobody offers. */
export function waitingText(waiting: Waiting): string {
  return [
    `  ${waiting.detail} (${waiting.reason}, since ${waiting.since})`,
    ...waiting.unmet.map((unmet) => `  - ${rejectionText(unmet)}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** Who was ruled out, and by what. */
export function rejectionText({ rule, count, detail, examples }: Rejection): string {
  const names =
    examples.length === 0 ? '' : `: ${examples.join(', ')}${count > examples.length ? ', …' : ''}`;
  return `${detail} [${rule}] ruled out ${count} ${count === 1 ? 'swarm' : 'swarms'}${names}`;
}

export function timeline(events: readonly Event[]): string {
  const start = events[0]?.at ?? 0;
  return alignRows(
    events.map((event) => [`+${formatMs(event.at - start)}`, event.type, eventDetail(event)]),
    { right: [0], indent: '  ' },
  );
}

/** One attempt with the reason for its place. @param when said behind the place */
export function attemptText(attempt: AttemptRecord, color: Paint, when = ''): string {
  const { startedAt, endedAt, assignedAt } = attempt;
  const times = [
    startedAt === undefined ? '' : `started after ${formatMs(startedAt - assignedAt)}`,
    startedAt === undefined || endedAt === undefined ? '' : `ran ${formatMs(endedAt - startedAt)}`,
    attempt.cost === undefined ? '' : formatCost(attempt.cost),
  ].filter((text) => text !== '');
  const outcome = paintState(color, attempt.outcome ?? 'running');
  const lines = [
    `  #${attempt.attempt} ${outcome} on ${attempt.swarmId} (${attempt.region})${when}${times.length > 0 ? `: ${times.join(', ')}` : ''}`,
  ];
  if (attempt.refusedBy) lines.push(`     refused by ${attempt.refusedBy.join(', then ')}`);
  if (attempt.error)
    lines.push(
      `     error: ${attempt.error.message.replaceAll('\n', '\n            ')} (${attempt.error.code})`,
    );
  if (attempt.late) lines.push(`     ${lateText(attempt.late, attempt)}`);
  if (attempt.receipt) lines.push(...receiptLines(attempt.receipt));
  return lines.map((line) => `${line}\n`).join('');
}

/** `came back 12.0 s after it was given up: succeeded, 1.2 KB of output; that changed nothing` */
function lateText({ at, outcome, outputBytes, error, swarmId }: LateResult, attempt: AttemptRecord): string {
  const from = swarmId === attempt.swarmId ? '' : ` from ${swarmId}`;
  const after = attempt.endedAt === undefined ? '' : ` ${formatMs(at - attempt.endedAt)}`;
  const words = [
    outcome,
    outputBytes === undefined ? '' : `${formatBytes(outputBytes)} of output`,
    error === undefined ? '' : `${error.message.replaceAll('\n', '\n            ')} (${error.code})`,
  ].filter((word) => word !== '');
  return `came back${from}${after} after it was given up, which changed nothing: ${words.join(', ')}`;
}

/** Why a swarm was chosen: the sentence first, then who else there was, what the policy went by, and how old it was. */
export function receiptLines(receipt: Receipt, label = 'why here'): string[] {
  const { because, policy, candidates, feasible, withFreeSlot, rejected, ranked, reasons = [] } = receipt;
  const known = candidates === 1 ? '1 swarm' : `${candidates} swarms`;
  const lines = [
    `     ${label}: ${because}`,
    ...reasons.map((reason) => `       ${reason}`),
    `       policy ${policy}: ${known} known, ${feasible} could run it, ${withFreeSlot} had a free slot`,
  ];
  if (ranked.length > 1) lines.push(`       order: ${orderText(receipt)}`);
  const facts = factsText(receipt);
  if (facts !== '') lines.push(`       ${facts}`);
  return [...lines, ...rejected.map((rejection) => `       ${rejectionText(rejection)}`)];
}

function orderText({ ranked, scores }: Receipt): string {
  const order = ranked.map(({ swarmId, load, costPerSlotHour }, index) => {
    const score = scores?.[index];
    const by = score === undefined ? '' : `score ${Number(score.toPrecision(SCORE_DIGITS))}, `;
    return `${swarmId} (${by}load ${Math.round(load * 100)}%, ${formatCost(costPerSlotHour)}/slot/h)`;
  });
  return order.join(', ');
}

/** `price $0.25/slot/h; last heard of 412 ms before, of any swarm 3 ms before` */
function factsText({ price, stalenessMs, viewAgeMs }: Receipt): string {
  const heard = [
    stalenessMs === undefined ? '' : `last heard of ${formatMs(stalenessMs)} before`,
    viewAgeMs === undefined ? '' : `of any swarm ${formatMs(viewAgeMs)} before`,
  ].filter((text) => text !== '');
  const facts = [price === undefined ? '' : `price ${formatCost(price)}/slot/h`, heard.join(', ')];
  return facts.filter((text) => text !== '').join('; ');
}

export function jsonText(value: JsonValue): string {
  const lines = JSON.stringify(value, null, 2).split('\n');
  const shown = lines.slice(0, JSON_LINES);
  if (lines.length > JSON_LINES) shown.push(`… ${lines.length - JSON_LINES} more lines: -o json shows all`);
  return shown.map((line) => `  ${line}\n`).join('');
}

import { isTerminal, type Event, type Workflow } from '@multiswarm/contracts';
import type { Evidence } from '../evidence/evidence';
import type { SeenFlow } from '../evidence/flows';
import { ITEMS_AT_ONCE } from '../load/flow';
import { isNoLateResult, sequenceFault } from './check-events';
import type { Broken } from './invariants';

/** What each workflow was told to do is held against what its history says happened, and against what agents noted down. */
export function checkFlows({ flows, executions }: Evidence): Broken[] {
  const done = new Set(
    executions
      .filter(({ ended }) => ended?.how === 'end')
      .map(({ taskId, attempt }) => `${taskId}#${attempt}`),
  );
  return flows.flatMap((flow): Broken[] => {
    const { submission, run } = flow;
    if (submission.error !== undefined)
      return [broken('submissions-answered', `workflow ${submission.flow.n} failed: ${submission.error}`)];
    if (!run || run.state === 'running')
      return [broken('acknowledged-ends', `${submission.id ?? ''} is ${run?.state ?? 'not there'}`)];
    const { inside } = flow;
    return [
      ...historyFaults(run, flow.history, done),
      ...(inside ? historyFaults(inside.run, inside.history, done) : []),
      ...orderFaults(flow.history, run),
      ...itemFaults(flow, run),
      ...undoFaults(flow.history, run),
      ...endFaults(flow, run),
    ].map((fault) => broken('runs-as-defined', `${run.id} (workflow ${submission.flow.n}): ${fault}`));
  });
}

function broken(invariant: Broken['invariant'], detail: string): Broken {
  return { invariant, detail };
}

/** Every step begins and ends once, with the end that the record has; what succeeded was done by an agent. */
function historyFaults(run: Workflow, history: readonly Event[], done: ReadonlySet<string>): string[] {
  const gap = sequenceFault(history);
  if (gap !== undefined) return [`its history: ${gap}`];
  const last = history.findLast(isNoLateResult);
  const runEnds = history.filter(({ type }) => RUN_ENDS.has(type));
  const faults = [
    ...(history[0]?.type === 'workflow.submitted' ? [] : [`begins with ${history[0]?.type ?? 'nothing'}`]),
    ...(runEnds.length === 1 && last?.type === `workflow.${run.state}`
      ? []
      : [`ends with ${last?.type ?? 'nothing'}, the record says ${run.state}`]),
  ];
  for (const { id, taskId, state, attempt, control, keptFrom } of run.steps) {
    const own = history.filter(({ step }) => step === id);
    const begun = own.filter(({ type }) => type === 'task.submitted').length;
    const ends = own.filter(({ type }) => isEnd(type)).map(({ type }) => type);
    if (begun !== 1) faults.push(`${id} was submitted ${begun} times`);
    if (ends.join() !== `task.${state}`)
      faults.push(`${id} is ${state}, and ended ${ends.join() || 'never'}`);
    const isWork = state === 'succeeded' && control === undefined && keptFrom === undefined;
    if (isWork && !done.has(`${taskId}#${attempt}`))
      faults.push(`${id} succeeded, and no agent has done attempt ${attempt}`);
  }
  return faults;
}

/** No step goes into the queue, or begins to wait, before what it depends on has ended as it needs it. */
function orderFaults(history: readonly Event[], { steps }: Workflow): string[] {
  return steps.flatMap(({ id, dependsOn, role }): string[] => {
    const begins = history.findIndex(({ step, type }) => step === id && STARTS.has(type));
    if (begins < 0) return [];
    const before = history.slice(0, begins);
    const ended = (of: string, how: (type: string) => boolean): boolean =>
      before.some(({ step, type }) => step === of && how(type));
    const good = (type: string): boolean => type === 'task.succeeded';
    const may =
      id === 'first'
        ? dependsOn.some((of) => ended(of, good))
        : dependsOn.every((of) => ended(of, role === 'compensation' ? isEnd : good));
    return may ? [] : [`${id} began before ${dependsOn.join(' and ')} had ended`];
  });
}

/** Where the map was reached its items are all there, each once, and no more of them under way than may be. */
function itemFaults({ submission, history }: SeenFlow, { steps }: Workflow): string[] {
  const indexes = steps.filter(({ role }) => role === 'item').map(({ index = -1 }) => index);
  const map = steps.find(({ id }) => id === 'each');
  const all = Array.from({ length: submission.flow.items }, (_, index) => index);
  const faults: string[] = [];
  if (new Set(indexes).size !== indexes.length) faults.push(`items are there twice: ${indexes.join()}`);
  if (map?.state === 'succeeded' && [...indexes].sort((a, b) => a - b).join() !== all.join())
    faults.push(`the map has items ${indexes.join()}, and not ${all.join()}`);
  let open = 0;
  let most = 0;
  for (const { step, type } of history) {
    if (step?.startsWith('each[') !== true) continue;
    if (type === 'task.submitted') open += 1;
    if (isEnd(type)) open -= 1;
    most = Math.max(most, open);
  }
  if (most > ITEMS_AT_ONCE) faults.push(`${most} items were under way, ${ITEMS_AT_ONCE} may be`);
  return faults;
}

/** What has succeeded and can be undone is undone when the run does not succeed, the last one first. */
function undoFaults(history: readonly Event[], { steps, state }: Workflow): string[] {
  const endOf = (id: string): number => history.findIndex(({ step, type }) => step === id && isEnd(type));
  const undoable = UNDOABLE.filter((id) =>
    steps.some((step) => step.id === id && step.state === 'succeeded'),
  );
  const wanted = state === 'succeeded' ? [] : undoable.sort((one, other) => endOf(other) - endOf(one));
  const undone = steps
    .filter(({ role }) => role === 'compensation')
    .sort((one, other) => endOf(one.id) - endOf(other.id))
    .map(({ of = '' }) => of);
  return undone.join() === wanted.join()
    ? []
    : [`undone are ${undone.join() || 'none'}, and not ${wanted.join() || 'none'}`];
}

/** It ends as it was made to, unless a step was lost too often. */
function endFaults({ submission: { flow, signalled, cancelled } }: SeenFlow, run: Workflow): string[] {
  const isLost = run.steps.some(
    ({ error }) => error?.code === 'attempt-lost' || error?.code === 'child-failed',
  );
  const open = run.steps.filter(({ state }) => !isTerminal(state)).map(({ id }) => `${id} has not ended`);
  if (isLost || (!signalled && !cancelled)) return open;
  const may = [flow.fails ? 'failed' : 'succeeded', ...(cancelled ? ['cancelled'] : [])];
  return may.includes(run.state) ? open : [...open, `it is ${run.state}, and should be ${may.join(' or ')}`];
}

const UNDOABLE = ['plan', 'book'];
const STARTS: ReadonlySet<string> = new Set(['task.queued', 'task.waiting']);
const RUN_ENDS: ReadonlySet<string> = new Set([
  'workflow.succeeded',
  'workflow.failed',
  'workflow.cancelled',
]);
const TASK_ENDS: ReadonlySet<string> = new Set(
  ['succeeded', 'failed', 'cancelled', 'expired', 'skipped'].map((state) => `task.${state}`),
);

function isEnd(type: string): boolean {
  return TASK_ENDS.has(type);
}

import { Workflow, type Event } from '@multiswarm/contracts';
import type { SeenFlow } from '../evidence/flows';
import { flowOf } from '../load/flow';
import { checkFlows } from './check-flows';

const RUN = 'w0-1';
const flow = { ...flowOf(1, 0), items: 2, fails: false };

/** The steps as they end one after the other, and how; the history follows from it. */
type Ends = [id: string, how?: string][];
const WELL: Ends = [
  'plan',
  'left',
  'first',
  'right',
  'told',
  'x',
  'each[0]',
  'each[1]',
  'each',
  'book',
  'pay',
].map((id) => [id]);

function seen(ends: Ends, state: 'succeeded' | 'failed', over: Partial<SeenFlow> = {}): SeenFlow {
  const events: [type: string, step?: string][] = [
    ['workflow.submitted'],
    ...ends
      .map(([id]): [string, string] => ['task.submitted', id])
      .filter(([, id]) => !id.startsWith('each[')),
    ...ends.flatMap(([id, how = 'succeeded']): [string, string][] => [
      ...(id.startsWith('each[') ? ([['task.submitted', id]] as [string, string][]) : []),
      ['task.queued', id],
      [`task.${how}`, id],
    ]),
    [`workflow.${state}`],
  ];
  const history = events.map(
    ([type, step], at): Event =>
      ({ v: 1, type, step, seq: at + 1, at, namespace: 'chaos-flows', root: RUN }) as Event,
  );
  const steps = ends.map(([id, how = 'succeeded']) => ({
    ...{ id, taskId: `t-${id}`, type: 'short', state: how, attempt: 1, cost: 0 },
    dependsOn: { left: ['plan'], right: ['plan'], first: ['left', 'right'], pay: ['book'] }[id] ?? [],
    ...(id.startsWith('each[') ? { role: 'item', of: 'each', index: Number(id.slice(5, -1)) } : {}),
    ...(id.startsWith('undo:') ? { role: 'compensation', of: id.slice('undo:'.length) } : {}),
  }));
  const run = Workflow.parse({
    ...{ id: RUN, namespace: 'chaos-flows', state, createdAt: '2026-01-01T00:00:00Z', steps },
    ...{ counts: {}, cost: 0, metadata: {}, traceId: 'x' },
  });
  const submission = { flow, id: RUN, signalled: true, cancelled: false };
  return { submission, run, history, ...over };
}

function faults(each: SeenFlow): string[] {
  const executions = (each.run?.steps ?? []).map(({ taskId }) => ({
    ...{ taskId, attempt: 1, swarmId: 'a', token: taskId, startedAt: 0 },
    ended: { at: 1, how: 'end' as const },
  }));
  return checkFlows({ flows: [each], executions } as never).map(({ detail }) =>
    detail.replace(/^.*?\): /, ''),
  );
}

const failing = {
  submission: { flow: { ...flow, fails: true }, id: RUN, signalled: true, cancelled: false },
};
const FAILED: Ends = [...WELL.slice(0, -1), ['pay', 'failed']];

test('a workflow that did what it says has no fault, whether it succeeds or is undone', () => {
  expect(faults(seen(WELL, 'succeeded'))).toEqual([]);
  expect(faults(seen([...FAILED, ['undo:book'], ['undo:plan']], 'failed', failing))).toEqual([]);
});

test.each([
  [
    'a step that began too early',
    WELL.toSpliced(0, 2, ['left'], ['plan']),
    'left began before plan had ended',
  ],
  ['an item that is missing', WELL.filter(([id]) => id !== 'each[1]'), 'the map has items 0, and not 0,1'],
  ['a step that is there twice', [...WELL, ['pay']], 'pay was submitted 2 times'],
] as [string, Ends, string][])('%s is found', (_what, ends, fault) => {
  expect(faults(seen(ends, 'succeeded')).join('; ')).toContain(fault);
});

test('what was undone in a wrong order, not at all, or though all went well is found', () => {
  expect(faults(seen([...FAILED, ['undo:plan'], ['undo:book']], 'failed', failing)).join()).toContain(
    'undone are plan,book, and not book,plan',
  );
  expect(faults(seen(FAILED, 'failed', failing))).toEqual(['undone are none, and not book,plan']);
  expect(faults(seen([...WELL, ['undo:plan']], 'succeeded')).join()).toContain(
    'undone are plan, and not none',
  );
});

test('a run that ended as it should not, or was given up, or is lost is found', () => {
  expect(faults(seen(WELL, 'succeeded', failing)).join()).toContain('it is succeeded, and should be failed');
  const submission = { flow, signalled: false, cancelled: false };
  expect(faults({ submission: { ...submission, error: 'no answer' }, history: [] })[0]).toContain(
    'no answer',
  );
  expect(faults({ submission: { ...submission, id: RUN }, history: [] })[0]).toContain('not there');
});

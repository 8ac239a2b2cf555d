import { RUN, RunDriver, allEnded } from '../../test/support/run-driver';

/** A workflow of no-op steps: by id its dependencies, and what else it says. */
function workflow(
  steps: Record<string, { after?: string[] } & Record<string, unknown>>,
  given: Record<string, unknown> = {},
): unknown {
  const entries = Object.entries(steps);
  return {
    tasks: entries.map(([id, { after: _after, ...step }]) => ({
      id,
      ...(isWork(step) ? { type: 'build' } : {}),
      ...step,
    })),
    dependencies: Object.fromEntries(entries.flatMap(([id, { after }]) => (after ? [[id, after]] : []))),
    ...given,
  };
}

function isWork(step: Record<string, unknown>): boolean {
  return ['approval', 'sleep', 'workflow', 'waitFor', 'type'].every((name) => step[name] === undefined);
}

const UNDO_WORK = {
  requirements: {},
  priority: 'normal',
  retry: { maxAttempts: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 0, nonRetryableCodes: [] },
  timeouts: {},
};

// Every test runs twice: with one owner, and with another one after each commit.
describe.each([
  ['one owner', false],
  ['another owner after every commit', true],
])('with %s', (_name, crashes) => {
  let driver: RunDriver;
  beforeEach(() => {
    driver = new RunDriver();
    driver.crashes = crashes;
  });

  describe('joins', () => {
    test('any starts with the first that succeeds, and is skipped when none does', () => {
      driver.submit(workflow({ a: {}, b: {}, c: { after: ['a', 'b'], join: 'any' } }));
      driver.finish('a', { fails: 'no' });
      expect(driver.states()).toEqual({ a: 'failed', b: 'queued', c: 'blocked' });
      driver.finish('b');
      expect(driver.states()['c']).toBe('queued');
      driver.finish('c');
      expect(driver.run().state).toBe('failed');
    });

    test('at least two of three starts with the second, and is skipped as soon as two cannot be', () => {
      const two = { after: ['a', 'b', 'c'], join: { atLeast: 2 } };
      driver.submit(workflow({ a: {}, b: {}, c: {}, d: two }));
      driver.finish('a', { fails: 'no' });
      driver.finish('b', { fails: 'no' });
      expect(driver.states()['d']).toBe('skipped');
      expect(driver.task('d').error).toMatchObject({ code: 'upstream-failed' });
      driver.submit(workflow({ a: {}, b: {}, c: {}, d: two }), 'w0-00000002');
      driver.finish('c', undefined, 'w0-00000002');
      driver.finish('b', undefined, 'w0-00000002');
      expect(driver.states('w0-00000002')).toEqual({
        a: 'queued',
        b: 'succeeded',
        c: 'succeeded',
        d: 'queued',
      });
    });

    test('all-ended runs behind what failed, none-failed behind what was skipped by its condition', () => {
      driver.submit(
        workflow({
          a: {},
          b: { after: ['a'], when: 'false' },
          c: { after: ['a', 'b'], join: 'none-failed' },
          d: { after: ['c'] },
          e: { after: ['d'], join: 'all-ended' },
        }),
      );
      driver.finish('a');
      expect(driver.states()).toMatchObject({ b: 'skipped', c: 'queued' });
      driver.finish('c');
      driver.finish('d', { fails: 'no' });
      driver.finish('e');
      expect(driver.run()).toMatchObject({ state: 'failed', error: { message: 'step "d" failed' } });
    });
  });

  describe('conditions and inputs', () => {
    test('what stands behind a false condition is skipped, and that is no failure', () => {
      driver.submit(
        workflow({
          score: {},
          accept: { after: ['score'], when: 'steps.score.output > 3' },
          reject: { after: ['score'], when: 'steps.score.output <= 3' },
          tell: { after: ['accept'] },
        }),
      );
      driver.finish('score', { output: 2 });
      expect(driver.states()).toEqual({
        score: 'succeeded',
        accept: 'skipped',
        reject: 'queued',
        tell: 'skipped',
      });
      expect(driver.task('accept').error).toMatchObject({ code: 'condition-false' });
      expect(driver.task('tell').error).toMatchObject({ code: 'upstream-skipped' });
      driver.finish('reject');
      expect(driver.run().state).toBe('succeeded');
    });

    test('a step gets what its paths say, of the run and of steps before it, added to its own input', () => {
      driver.submit(
        workflow(
          {
            fetch: { inputs: '$.run.input.urls[0]' },
            read: {
              after: ['fetch'],
              input: { kind: 'text' },
              inputs: { title: '$.steps.fetch.output.title' },
            },
          },
          { input: { urls: ['one'] } },
        ),
      );
      expect(driver.input('fetch')).toBe('one');
      driver.finish('fetch', { output: { title: 'T' } });
      expect(driver.input('read')).toEqual({ kind: 'text', title: 'T' });
    });

    test('an output that is stored apart stands in expressions as its reference', () => {
      const outputRef = { id: `default.${'a'.repeat(64)}`, bytes: 300_000 };
      const inputs = '$.steps.a.output';
      driver.submit(
        workflow({ a: {}, b: { after: ['a'], inputs, when: 'steps.a.output.payloadRef.bytes > 1' } }),
      );
      driver.finish('a', { outputRef });
      expect(driver.input('b')).toEqual({ payloadRef: outputRef });
    });

    test('a path that leads nowhere, and a condition that is none, fail their step and say which', () => {
      driver.submit(
        workflow({
          a: {},
          b: { after: ['a'], inputs: { x: '$.steps.a.output.missing' } },
          c: { after: ['a'], when: 'steps.a.output.missing > 1' },
        }),
      );
      driver.finish('a', { output: {} });
      expect(driver.task('b').error).toMatchObject({ code: 'expression-failed' });
      expect(driver.task('b').error?.message).toContain('$.steps.a.output.missing');
      expect(driver.task('c').error).toMatchObject({ code: 'expression-failed' });
      expect(driver.run().state).toBe('failed');
    });
  });

  describe('maps', () => {
    const list = (length: number): number[] => Array.from({ length }, (_, index) => index);

    test('a map runs its items with bounded concurrency, and lists their outputs in order', () => {
      driver.submit(
        workflow(
          { each: { map: { over: '$.run.input', concurrency: 2 } }, sum: { after: ['each'] } },
          { input: list(5) },
        ),
      );
      expect(driver.steps('queued')).toEqual(['each[0]', 'each[1]']);
      expect(driver.input('each[1]')).toEqual({ item: 1, index: 1 });
      driver.finish('each[1]', { output: 'one' });
      expect(driver.steps('queued').sort()).toEqual(['each[0]', 'each[2]']);
      driver.finishAll();
      expect(driver.task('each').output).toEqual(['each[0]', 'one', 'each[2]', 'each[3]', 'each[4]']);
      expect(driver.run().state).toBe('succeeded');
    });

    test('items get what the map asks for: of themselves, of the run, of the steps before', () => {
      const inputs = {
        name: '$.item.name',
        at: '$.index',
        from: '$.run.input.from',
        last: '$.steps.list.output[-1]',
      };
      driver.submit(
        workflow(
          {
            list: {},
            each: { after: ['list'], map: { over: '$.steps.list.output' }, input: { kind: 'a' }, inputs },
            whole: { after: ['list'], map: { over: '$.steps.list.output' }, inputs: '$.item' },
          },
          { input: { from: 'x' } },
        ),
      );
      driver.finish('list', { output: [{ name: 'one' }, { name: 'two' }] });
      expect(driver.steps('queued')).toEqual(['each[0]', 'each[1]', 'whole[0]', 'whole[1]']);
      expect(driver.input('each[1]')).toEqual({
        kind: 'a',
        name: 'two',
        at: 1,
        from: 'x',
        last: { name: 'two' },
      });
      expect(driver.input('whole[0]')).toEqual({ name: 'one' });
    });

    test('a map over nothing has made nothing', () => {
      driver.submit(
        workflow({ each: { map: { over: '$.run.input' } }, sum: { after: ['each'] } }, { input: [] }),
      );
      expect(driver.task('each')).toMatchObject({ state: 'succeeded', output: [] });
      expect(driver.states()['sum']).toBe('queued');
    });

    test('more items than one change takes are made one change after the other, each once', () => {
      driver.submit(
        workflow({ each: { map: { over: '$.run.input', collect: false } } }, { input: list(700) }),
      );
      driver.passDue();
      expect(driver.steps('queued')).toHaveLength(700);
      expect(new Set(driver.steps('queued')).size).toBe(700);
      driver.change((state, change) => {
        const run = state.runs.get(RUN);
        if (run) state.runs.cancel(run, 'enough', change);
      });
      expect(driver.run()).toMatchObject({ state: 'cancelled' });
      expect(allEnded(driver)).toBe(true);
    });

    test('with one failure more than it tolerates a map stops, and its other items are cancelled', () => {
      const map = { over: '$.run.input', concurrency: 3, toleratedFailures: 1 };
      driver.submit(workflow({ each: { map } }, { input: list(9) }));
      driver.finish('each[0]', { fails: 'no' });
      expect(driver.steps('queued')).toEqual(['each[1]', 'each[2]', 'each[3]']);
      driver.finish('each[1]', { fails: 'no' });
      expect(driver.states()).toEqual({
        each: 'failed',
        ...{ 'each[0]': 'failed', 'each[1]': 'failed', 'each[2]': 'cancelled', 'each[3]': 'cancelled' },
      });
      expect(driver.task('each').error).toMatchObject({ code: 'items-failed' });
      expect(driver.run().state).toBe('failed');
    });

    test('tolerated failures stand as null in the list', () => {
      const map = { over: '$.run.input', toleratedFailures: 1 };
      driver.submit(workflow({ each: { map } }, { input: list(2) }));
      driver.finish('each[0]', { fails: 'no' });
      driver.finish('each[1]', { output: 'fine' });
      expect(driver.task('each')).toMatchObject({ state: 'succeeded', output: [null, 'fine'] });
      expect(driver.run().state).toBe('succeeded');
    });

    test('what is no list, and outputs that are too large together, fail the map with what to do', () => {
      driver.submit(workflow({ each: { map: { over: '$.run.input' } } }, { input: { no: 'list' } }));
      expect(driver.task('each').error).toMatchObject({ code: 'expression-failed' });
      driver.submit(workflow({ each: { map: { over: '$.run.input' } } }, { input: list(4) }), 'w0-00000002');
      driver.finishAll(() => ({ output: 'x'.repeat(200_000) }));
      expect(driver.task('each', 'w0-00000002').error).toMatchObject({ code: 'map-too-large' });
    });
  });

  describe('what no swarm runs', () => {
    test('a signal that comes before its step is reached waits for it, and is its output', () => {
      driver.submit(
        workflow({ a: {}, go: { after: ['a'], waitFor: { signal: 'go' } }, b: { after: ['go'] } }),
      );
      driver.tell({ kind: 'signal', name: 'go', payload: { n: 1 }, at: 5 });
      driver.tell({ kind: 'signal', name: 'go', payload: { n: 1 }, at: 5 });
      expect(driver.task('go')).toMatchObject({ state: 'blocked', signals: [{ name: 'go' }] });
      driver.finish('a');
      expect(driver.task('go')).toMatchObject({ state: 'succeeded', output: { n: 1 } });
      expect(driver.states()['b']).toBe('queued');
    });

    test('work that waits for a signal goes into the queue when it comes', () => {
      driver.submit(workflow({ a: { type: 'build', waitFor: { signal: 'go' } } }));
      expect(driver.states()).toEqual({ a: 'waiting' });
      driver.tell({ kind: 'signal', name: 'go', payload: null, at: 5 });
      expect(driver.states()).toEqual({ a: 'queued' });
    });

    test('an approval is given by one of its approvers, with a note; nobody else can', () => {
      driver.submit(workflow({ ok: { approval: { approvers: ['dana'] } }, b: { after: ['ok'] } }));
      const answer = { kind: 'approve', step: 'ok', approved: true, note: 'fine', at: 7 } as const;
      expect(() => driver.tell({ ...answer, requestedBy: 'kim' })).toThrow(
        /kim is none of the approvers of "ok": dana/,
      );
      driver.tell({ ...answer, requestedBy: 'dana' });
      expect(driver.task('ok').output).toEqual({
        approved: true,
        by: 'dana',
        note: 'fine',
        at: '1970-01-01T00:00:00.007Z',
      });
      expect(() => driver.tell({ ...answer, requestedBy: 'kim', at: 8 })).toThrow(/by dana already/);
      expect(driver.states()['b']).toBe('queued');
    });

    test('no signal stands in for an approval, whatever it says', () => {
      driver.submit(workflow({ ok: { approval: { approvers: ['dana'] } } }));
      const forged = { kind: 'signal', name: 'approval', payload: { approved: true }, at: 7 } as const;
      expect(() => driver.tell({ ...forged, step: 'ok' })).toThrow(/waits for an approval.*approve it/);
      driver.tell(forged);
      expect(driver.states()['ok']).toBe('waiting');
    });

    test('an approval that is refused fails its step, and says by whom and why', () => {
      driver.submit(workflow({ ok: { approval: {} }, b: { after: ['ok'] } }));
      driver.tell({
        kind: 'approve',
        step: 'ok',
        approved: false,
        note: 'too dear',
        requestedBy: 'dana',
        at: 7,
      });
      expect(driver.task('ok').error).toEqual({
        ...{ code: 'rejected', retryable: false },
        message: 'the approval was refused by dana: too dear',
      });
      expect(driver.states()['b']).toBe('skipped');
      expect(driver.run().state).toBe('failed');
    });

    test('a step sleeps for its time, or until an instant that the run knows', () => {
      const until = new Date(60_000).toISOString();
      driver.submit(
        workflow(
          { nap: { sleep: { ms: 5_000 } }, day: { sleep: { until: '$.run.input' } } },
          { input: until },
        ),
      );
      expect(driver.states()).toEqual({ nap: 'waiting', day: 'waiting' });
      driver.pass(5_000);
      expect(driver.states()).toEqual({ nap: 'succeeded', day: 'waiting' });
      driver.pass(60_000);
      expect(driver.run().state).toBe('succeeded');
    });

    test('a wait that is over expires, and so the run fails', () => {
      driver.submit(workflow({ go: { waitFor: { signal: 'go', timeoutMs: 100 } } }));
      driver.pass(101);
      expect(driver.task('go').error).toMatchObject({ code: 'signal-timeout' });
      expect(driver.run().state).toBe('failed');
    });
  });

  describe('sub-workflows', () => {
    const inner = {
      tasks: [
        { id: 'x', type: 'build', inputs: '$.run.input' },
        { id: 'y', type: 'build' },
      ],
      dependencies: { y: ['x'] },
    };

    test('a sub-workflow is a run of its own, with the input of its step, and its end is that of the step', () => {
      driver.submit(workflow({ sub: { workflow: inner, input: { n: 1 } }, after: { after: ['sub'] } }));
      const child = driver.child('sub');
      expect(driver.input('x', child)).toEqual({ n: 1 });
      expect(driver.run(child).spec.parent).toMatchObject({ workflowId: RUN, step: 'sub' });
      driver.finish('x', undefined, child);
      driver.finish('y', { output: 'done' }, child);
      expect(driver.task('sub').output).toEqual({ y: 'done' });
      expect(driver.states()).toEqual({ sub: 'succeeded', after: 'queued' });
      expect(driver.input('after')).toEqual({ upstream: { sub: { y: 'done' } } });
    });

    test('a sub-workflow does not start with an input that its schema refuses, and says why', () => {
      const inputSchema = { type: 'object', properties: { n: { type: 'integer' } } };
      const child = { tasks: [{ id: 'x', type: 'build' }], inputSchema };
      const sub = { after: ['a'], workflow: child, inputs: { n: '$.steps.a.output' } };
      driver.submit(workflow({ a: {}, sub }));
      driver.finish('a', { output: 'text' });
      const message = 'the sub-workflow does not take this input: /input/n: must be integer';
      expect(driver.task('sub')).toMatchObject({ state: 'failed', error: { code: 'child-failed', message } });
      expect(driver.run().state).toBe('failed');
    });

    test('a sub-workflow that fails fails its step, and says which run it was', () => {
      driver.submit(workflow({ sub: { workflow: inner } }));
      const child = driver.child('sub');
      driver.finish('x', { fails: 'no' }, child);
      expect(driver.task('sub').error).toMatchObject({ code: 'child-failed' });
      expect(driver.task('sub').error?.message).toContain(child);
      expect(driver.run().state).toBe('failed');
    });

    test('what it costs its step costs too, and counts for the budgets of all runs that it is inside of', () => {
      const middle = { tasks: [{ id: 'deep', workflow: inner }], dependencies: {} };
      driver.submit(
        workflow({ sub: { workflow: middle }, free: { after: ['sub'] } }, { budget: { tokens: 10 } }),
      );
      const child = driver.child('sub');
      const grandchild = driver.child('deep', child);
      driver.finish('x', { output: 1, usage: { inputTokens: 8, outputTokens: 3 } }, grandchild);
      const { cost } = driver.task('x', grandchild);
      expect(cost).toBeGreaterThan(0);
      for (const { cost: told, usage } of [driver.task('deep', child), driver.task('sub')])
        expect({ told, usage }).toEqual({ told: cost, usage: { inputTokens: 8, outputTokens: 3 } });
      expect(driver.task('y', grandchild).error).toMatchObject({
        code: 'budget-exhausted',
        message: `${RUN} has used 11 tokens, its budget is 10 (budget.tokens)`,
      });
      expect(driver.run().state).toBe('failed');
    });

    test('to cancel, pause and resume goes down to it', () => {
      driver.submit(workflow({ sub: { workflow: inner } }));
      const child = driver.child('sub');
      driver.tell({ kind: 'pause', reason: 'wait', requestedBy: 'dana' });
      expect(driver.run(child).paused).toMatchObject({ reason: 'wait' });
      expect(driver.task('x', child).paused).toBeDefined();
      driver.tell({ kind: 'resume' });
      expect(driver.task('x', child).paused).toBeUndefined();
      driver.tell({ kind: 'cancel', reason: 'enough' });
      expect(driver.run(child).state).toBe('cancelled');
      expect(driver.run().state).toBe('cancelled');
    });

    test('a map starts a run for each item', () => {
      driver.submit(
        workflow({ each: { workflow: inner, map: { over: '$.run.input' } } }, { input: ['a', 'b'] }),
      );
      const children = [driver.child('each[0]'), driver.child('each[1]')];
      expect(children.map((child) => driver.input('x', child))).toEqual([
        { item: 'a', index: 0 },
        { item: 'b', index: 1 },
      ]);
      driver.finishAll();
      expect(driver.task('each').output).toEqual([{ y: 'y' }, { y: 'y' }]);
      expect(driver.run().state).toBe('succeeded');
    });
  });

  describe('what fails', () => {
    const undo = (type: string): Record<string, unknown> => ({ compensate: { type } });
    const trip = {
      hotel: undo('cancel-hotel'),
      flight: { after: ['hotel'], ...undo('cancel-flight') },
      pay: { after: ['flight'] },
    };

    test('what had succeeded is undone in reverse order, with its output, before the run fails', () => {
      driver.submit(workflow(trip));
      driver.finish('hotel', { output: 'room 4' });
      driver.finish('flight', { output: 'seat 7' });
      driver.finish('pay', { fails: 'broke' });
      expect(driver.run()).toMatchObject({ state: 'running', compensating: true });
      expect(driver.steps('queued')).toEqual(['undo:flight']);
      expect(driver.input('undo:flight')).toEqual({ step: 'flight', output: 'seat 7' });
      driver.finish('undo:flight', { fails: 'no' });
      expect(driver.steps('queued')).toEqual(['undo:hotel']);
      expect(driver.task('undo:hotel').spec.type).toBe('cancel-hotel');
      driver.finish('undo:hotel');
      expect(driver.run()).toMatchObject({ state: 'failed', error: { message: 'step "pay" failed' } });
      expect(driver.events().filter((type) => type === 'workflow.compensating')).toHaveLength(1);
    });

    test('a cancelled run is undone too, and stays cancelled; a second cancel does not stop that', () => {
      driver.submit(workflow(trip));
      driver.finish('hotel');
      driver.tell({ kind: 'cancel', reason: 'enough' });
      expect(driver.steps('queued')).toEqual(['undo:hotel']);
      driver.tell({ kind: 'cancel', reason: 'now' });
      driver.finish('undo:hotel');
      expect(driver.run()).toMatchObject({ state: 'cancelled', cancel: { reason: 'enough' } });
    });

    test('a run that succeeds undoes nothing', () => {
      driver.submit(workflow(trip));
      expect(driver.finishAll()).toEqual(['hotel', 'flight', 'pay']);
      expect(driver.run().state).toBe('succeeded');
    });

    test('a step that may fail does not fail the run, and those behind it go on without its output', () => {
      driver.submit(workflow({ a: { continueOnFailure: true }, b: { after: ['a'] } }));
      driver.finish('a', { fails: 'no' });
      expect(driver.input('b')).toEqual({ upstream: { a: null } });
      driver.finish('b');
      expect(driver.run().state).toBe('succeeded');
    });

    test('with onFailure: stop all that has not ended is cancelled', () => {
      driver.submit(workflow({ a: {}, b: {}, c: { after: ['b'] } }, { onFailure: 'stop' }));
      driver.finish('a', { fails: 'no' });
      expect(driver.states()).toEqual({ a: 'failed', b: 'cancelled', c: 'cancelled' });
      expect(driver.run()).toMatchObject({ state: 'failed', error: { message: 'step "a" failed' } });
    });
  });

  describe('bounds of a run', () => {
    test('no more steps are under way than its concurrency, and the longest remaining path goes first', () => {
      driver.submit(
        workflow(
          {
            short: { estimateMs: 1 },
            long: { estimateMs: 5 },
            mid: { estimateMs: 3 },
            end: { after: ['short', 'long'] },
          },
          { concurrency: 1 },
        ),
      );
      // 'long' has 6 before it, with the step behind it; of what is ready the longest goes, whatever came first.
      expect(driver.finishAll()).toEqual(['long', 'mid', 'short', 'end']);
      expect(driver.run().state).toBe('succeeded');
    });

    test('a paused run starts nothing, and goes on where it was', () => {
      driver.submit(workflow({ a: {}, b: {}, c: { after: ['a'] } }));
      driver.tell({ kind: 'pause', reason: 'wait' });
      expect(driver.task('a').paused).toBeDefined();
      driver.tell({ kind: 'resume' });
      driver.finish('a');
      driver.tell({ kind: 'pause', reason: 'wait' });
      driver.tell({ kind: 'pause', reason: 'again' });
      expect(driver.run().paused).toMatchObject({ reason: 'wait' });
      driver.tell({ kind: 'resume' });
      expect(driver.finishAll().sort()).toEqual(['b', 'c']);
      expect(driver.run().state).toBe('succeeded');
    });

    test('what becomes ready while a run is paused starts when it is resumed', () => {
      driver.submit(workflow({ a: {}, b: { after: ['a'] } }));
      const attempt = 1;
      driver.change((state, change) => {
        state.apply(
          driver.task('a').id,
          {
            kind: 'assign',
            attempt,
            placement: { swarmId: 'a', region: 'eu', reservationId: 'r', costPerSlotHour: 0 },
          },
          change,
        );
      });
      driver.tell({ kind: 'pause', reason: 'wait' });
      driver.change((state, change) => {
        const result = { startedAt: 0, finishedAt: 1, output: 1 };
        state.apply(driver.task('a').id, { kind: 'finished', attempt, outcome: 'succeeded', result }, change);
      });
      expect(driver.states()).toEqual({ a: 'succeeded', b: 'blocked' });
      driver.tell({ kind: 'resume' });
      expect(driver.states()).toEqual({ a: 'succeeded', b: 'queued' });
    });

    test('a paused run that is cancelled, or whose time is over, is undone at once', () => {
      const steps = { a: { compensate: { type: 'undo' } }, b: { after: ['a'] } };
      driver.submit(workflow(steps));
      driver.submit(workflow(steps, { timeoutMs: 1_000 }), 'w0-00000002');
      for (const run of [RUN, 'w0-00000002']) {
        driver.finish('a', undefined, run);
        driver.tell({ kind: 'pause', reason: 'wait' }, run);
      }
      driver.tell({ kind: 'cancel', reason: 'enough' });
      driver.pass(1_001);
      for (const run of [RUN, 'w0-00000002']) {
        expect(driver.run(run).paused).toBeUndefined();
        driver.finish('undo:a', undefined, run);
      }
      expect(driver.run().state).toBe('cancelled');
      expect(driver.run('w0-00000002')).toMatchObject({ error: { code: 'workflow-timeout' } });
    });

    test('a paused run that ends with its cancel has nothing to go on with', () => {
      driver.submit(workflow({ a: {}, b: { after: ['a'] } }));
      driver.tell({ kind: 'pause', reason: 'wait' });
      driver.tell({ kind: 'cancel', reason: 'enough' });
      expect(driver.run()).toMatchObject({ state: 'cancelled', paused: { reason: 'wait' } });
      expect(driver.events().at(-1)).toBe('workflow.cancelled');
    });

    test('work of a paused run that its signal reaches does not start before the run is resumed', () => {
      driver.submit(workflow({ a: { type: 'build', waitFor: { signal: 'go' } } }));
      driver.tell({ kind: 'pause', reason: 'wait' });
      driver.tell({ kind: 'signal', name: 'go', payload: null, at: 5 });
      expect(driver.task('a')).toMatchObject({ state: 'queued', paused: { reason: 'wait' } });
      driver.tell({ kind: 'resume' });
      expect(driver.task('a').paused).toBeUndefined();
    });

    test('a run that is cancelled is not timed out while it is undone', () => {
      driver.submit(workflow({ a: { compensate: { type: 'undo' } }, b: {} }, { timeoutMs: 1_000 }));
      driver.finish('a');
      driver.tell({ kind: 'cancel', reason: 'enough' });
      driver.pass(1_001);
      driver.finish('undo:a');
      expect(driver.run()).toMatchObject({ state: 'cancelled' });
      expect(driver.run().error).toBeUndefined();
    });

    test('a run that does not end in time fails, and what it had begun is undone', () => {
      driver.submit(
        workflow({ a: { compensate: { type: 'undo' } }, b: { after: ['a'] } }, { timeoutMs: 1_000 }),
      );
      driver.finish('a');
      driver.pass(1_001);
      expect(driver.steps('queued')).toEqual(['undo:a']);
      driver.finish('undo:a');
      expect(driver.run()).toMatchObject({ state: 'failed', error: { code: 'workflow-timeout' } });
    });

    test('when its budget is used up no further step starts', () => {
      driver.submit(workflow({ a: {}, b: { after: ['a'] } }, { budget: { usd: 0.000_001 } }));
      driver.change((state, change) => {
        state.apply(
          driver.task('a').id,
          {
            kind: 'assign',
            attempt: 1,
            placement: { swarmId: 'a', region: 'eu', reservationId: 'r', costPerSlotHour: 3_600 },
          },
          change,
        );
      });
      driver.change((state, change) => {
        const result = { startedAt: 0, finishedAt: 1_000, output: 1 };
        state.apply(
          driver.task('a').id,
          { kind: 'finished', attempt: 1, outcome: 'succeeded', result },
          change,
        );
      });
      expect(driver.task('b').error).toMatchObject({ code: 'budget-exhausted' });
      expect(driver.run().state).toBe('failed');
    });
  });

  describe('steps that are added', () => {
    const added = (...ids: string[]) => ({ tasks: ids.map((id) => step(id)), dependencies: {} });
    const step = (id: string): never =>
      ({
        id,
        type: 'build',
        input: {},
        requirements: {},
        priority: 'normal',
        retry: driver.task('plan').spec.retry,
        timeouts: {},
        metadata: {},
      }) as never;

    const assign = (id: string): string => {
      const task = driver.task(id);
      const placement = { swarmId: 'a', region: 'eu', reservationId: 'r', costPerSlotHour: 0 };
      driver.change((state, change) => {
        state.apply(task.id, { kind: 'assign', attempt: 1, placement }, change);
      });
      return task.id;
    };

    test('they wait for the step that plans them, are there once, and end the run with the others', () => {
      driver.submit(workflow({ plan: {} }));
      const id = assign('plan');
      const by = { taskId: id, attempt: 1 };
      driver.tell({ kind: 'add-steps', added: { ...added('x', 'y'), dependencies: { y: ['x'] }, by } });
      driver.tell({ kind: 'add-steps', added: { ...added('x', 'y'), dependencies: { y: ['x'] }, by } });
      expect(driver.states()).toEqual({ plan: 'assigned', x: 'blocked', y: 'blocked' });
      driver.change((state, change) => {
        state.apply(
          id,
          { kind: 'finished', attempt: 1, outcome: 'succeeded', result: { startedAt: 0, finishedAt: 1 } },
          change,
        );
      });
      expect(driver.finishAll()).toEqual(['x', 'y']);
      expect(driver.run().state).toBe('succeeded');
    });

    test('what they have done is undone, also in a run that had nothing to undo when it began', () => {
      driver.submit(workflow({ plan: {} }));
      const undoable = { ...(step('x') as object), compensate: { type: 'undo', ...UNDO_WORK } } as never;
      driver.tell({ kind: 'add-steps', added: { tasks: [undoable], dependencies: {} } });
      driver.finish('x');
      driver.finish('plan', { fails: 'no' });
      expect(driver.steps('queued')).toEqual(['undo:x']);
    });

    test('they see why a step failed that had ended before they were added', () => {
      driver.submit(workflow({ plan: { continueOnFailure: true }, b: {} }));
      driver.finish('plan', { fails: 'broke' });
      const when = 'steps.plan.error.code == "broke"';
      const added = { ...(step('x') as object), when } as never;
      driver.tell({ kind: 'add-steps', added: { tasks: [added], dependencies: { x: ['plan'] } } });
      expect(driver.states()['x']).toBe('queued');
    });

    test('workflows inside them stand no deeper than those of a submission, counted from the outermost run', () => {
      driver.submit(workflow({ plan: {}, sub: { workflow: { tasks: [{ id: 'in', type: 'build' }] } } }));
      const nested = (levels: number): object =>
        levels === 0
          ? step('deep')
          : {
              ...(step(`at-${levels}`) as object),
              workflow: { tasks: [nested(levels - 1)], dependencies: {} },
            };
      const add = (levels: number) => (): void =>
        driver.tell(
          { kind: 'add-steps', added: { tasks: [nested(levels) as never], dependencies: {} } },
          driver.child('sub'),
        );
      expect(add(8)).toThrow('9 deep');
      expect(add(7)).not.toThrow();
    });

    test('an attempt that is not current any more adds nothing, and neither do findings', () => {
      driver.submit(workflow({ plan: {} }));
      const by = { taskId: driver.task('plan').id, attempt: 1 };
      expect(() => driver.tell({ kind: 'add-steps', added: { ...added('x'), by } })).toThrow(
        /not current any more/,
      );
      const wrong = { ...added('x', 'x'), dependencies: { x: ['nobody'], z: ['x'], plan: ['x'] } };
      expect(() => driver.tell({ kind: 'add-steps', added: wrong })).toThrow(
        '/tasks/1/id: "x" is already the id of tasks[0] (and 3 more)',
      );
      const cycle = { ...added('x', 'y'), dependencies: { x: ['y'], y: ['x'] } };
      expect(() => driver.tell({ kind: 'add-steps', added: cycle })).toThrow(
        /cycle: x -> y -> x|cycle: y -> x -> y/,
      );
      expect(driver.states()).toEqual({ plan: 'queued' });
    });

    test('what is wrong with them is found before they are added: what they look at, and what they take', () => {
      driver.submit(workflow({ first: {}, plan: { after: ['first'] }, other: {} }));
      const add = (fields: object, dependencies: Record<string, string[]>): void =>
        driver.tell({
          kind: 'add-steps',
          added: { tasks: [{ ...(step('x') as object), ...fields } as never], dependencies },
        });
      expect(() => add({ when: 'steps.other.output > 1' }, { x: ['plan'] })).toThrow(
        '/tasks/0/when: "other" is not upstream of "x": let "x" depend on it, directly or through others',
      );
      expect(() => add({ inputs: '$.steps.ghost.output' }, {})).toThrow(
        '/tasks/0/inputs: no task has the id "ghost"',
      );
      expect(() => add({ input: 'text' }, { x: ['plan'] })).toThrow(
        /^\/tasks\/0\/input: .* must be an object/,
      );
      expect(() => add({ join: { atLeast: 2 } }, { x: ['plan'] })).toThrow('/tasks/0/join');
      add({ inputs: { a: '$.steps.first.output' } }, { x: ['plan'] });
      expect(driver.states()['x']).toBe('blocked');
    });

    test('they have the priority of the run where they name none', () => {
      driver.submit(workflow({ plan: {} }, { priority: 'high' }));
      const low = { ...(step('y') as object), priority: 'low' } as never;
      driver.tell({ kind: 'add-steps', added: { tasks: [step('x'), low], dependencies: {} } });
      expect([driver.task('x').spec.priority, driver.task('y').spec.priority]).toEqual(['high', 'low']);
    });

    test('a run that the failure of a step has stopped gets none', () => {
      driver.submit(workflow({ plan: {}, b: {} }, { onFailure: 'stop' }));
      assign('b');
      driver.finish('plan', { fails: 'no' });
      expect(driver.run().state).toBe('running');
      expect(() => driver.tell({ kind: 'add-steps', added: added('x') })).toThrow(
        'nothing can be added to a run that has stopped with the failure of a step (onFailure: stop)',
      );
    });

    test('a signal that came before there was anybody to wait for it reaches the step that is added later', () => {
      driver.submit(workflow({ plan: {} }));
      driver.tell({ kind: 'signal', name: 'go', payload: 1, at: 3 });
      const wait = { ...(step('wait') as object), type: 'wait', waitFor: { signal: 'go' } } as never;
      driver.tell({ kind: 'add-steps', added: { tasks: [wait], dependencies: {} } });
      expect(driver.task('wait')).toMatchObject({ state: 'succeeded', output: 1 });
    });

    test('a signal that comes a second time is known, also when the step that had it has ended; one that is sent anew is kept', () => {
      const wait = (id: string): never =>
        ({ ...(step(id) as object), type: 'wait', waitFor: { signal: 'go' } }) as never;
      driver.submit(workflow({ plan: {}, first: { waitFor: { signal: 'go' } } }));
      const given = { kind: 'signal', name: 'go', payload: 1, at: 3 } as const;
      driver.tell(given);
      driver.tell(given);
      driver.tell({ ...given, step: 'first' });
      expect(driver.events().filter((type) => type === 'workflow.signalled')).toHaveLength(1);
      driver.tell({ kind: 'add-steps', added: { tasks: [wait('second')], dependencies: {} } });
      expect(driver.states()).toMatchObject({ first: 'succeeded', second: 'waiting' });
      driver.tell({ ...given, payload: 2, at: 4 });
      driver.tell({ ...given, payload: 3, at: 5 });
      driver.tell({ kind: 'add-steps', added: { tasks: [wait('third')], dependencies: {} } });
      expect(driver.task('second').output).toBe(2);
      expect(driver.task('third').output).toBe(3);
    });

    test.each([true, false])(
      'an answer (%s) that is given again when its step has ended is no fault, another one is',
      (approved) => {
        driver.submit(workflow({ ask: { approval: {} }, b: {} }));
        const given = { kind: 'approve', step: 'ask', approved, requestedBy: 'dana', at: 3 } as const;
        driver.tell(given);
        driver.tell(given);
        driver.tell({ ...given, at: 4 });
        const stands = `the step "ask" was ${approved ? 'approved' : 'rejected'} by dana already: that stands`;
        expect(() => driver.tell({ ...given, approved: !approved, at: 5 })).toThrow(stands);
        expect(() => driver.tell({ ...given, requestedBy: 'kim', at: 6 })).toThrow(stands);
        expect(driver.states()['ask']).toBe(approved ? 'succeeded' : 'failed');
      },
    );
  });
});

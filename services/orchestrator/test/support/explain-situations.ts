import { subjects, Task, type Explanation } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { busy, type ExplainBench } from './explain-bench';

export type Reason = Explanation['why']['reason'];

/** How a task comes to be where it is for one reason, and what is said of it then beside that reason. */
export interface Situation {
  reason: Reason;
  what: string;
  /** @returns the task that is to be explained */
  create: (bench: ExplainBench) => Promise<string>;
  says: (told: Explanation, bench: ExplainBench) => Promise<void> | void;
}

const HOUR = 3_600_000;
/** For a request to come, also on a machine that is busy. */
const LONG_ENOUGH_MS = 500;
const error = { code: 'flaky', message: 'no', retryable: true };
const failing = () => ({ outcome: 'failed' as const, error });

async function twoSteps(bench: ExplainBench): Promise<[first: string, second: string]> {
  const run = await bench.one.submitWorkflow({
    tasks: [
      { id: 'first', type: 'echo', retry: { maxAttempts: 1 } },
      { id: 'second', type: 'echo' },
    ],
    dependencies: { second: ['first'] },
  });
  const [first, second] = (await bench.one.workflow(run)).steps.map(({ taskId }) => taskId);
  return [first ?? '', second ?? ''];
}

/** A run with that step, and perhaps others. @returns the step's task */
async function stepOf(
  bench: ExplainBench,
  step: { id: string; [field: string]: unknown },
  { tasks = [], ...more }: { tasks?: unknown[]; input?: unknown; concurrency?: number } = {},
): Promise<string> {
  const run = await bench.one.submitWorkflow({ tasks: [...tasks, step], dependencies: {}, ...more });
  bench.atEnd(() => bench.one.call('POST', `/v1/workflows/${run}/cancel`));
  const { steps } = await bench.one.workflow(run);
  return steps.find(({ id }) => id === step.id)?.taskId ?? '';
}

/** On its way into the queue. */
const BEFORE_THE_QUEUE: Situation[] = [
  {
    reason: 'not-before',
    what: 'says until when, and what comes then',
    create: (bench) => {
      const notBefore = new Date(Date.now() + HOUR).toISOString();
      return bench.submit({ notBefore, waitFor: { signal: 'approved', timeoutMs: 60_000 } });
    },
    says: ({ why, next }) =>
      expect(next).toEqual([
        { kind: 'not-before', at: why.until, detail: 'it begins to wait for its signal' },
      ]),
  },
  {
    reason: 'signal',
    what: 'names the signal and its end',
    create: (bench) => bench.submit({ waitFor: { signal: 'approved', timeoutMs: 60_000 } }),
    says: ({ why, next, stateSince }) => {
      expect(why.signal).toBe('approved');
      expect(next).toMatchObject([{ kind: 'signal-timeout' }]);
      expect(Date.parse(next[0]?.at ?? '') - Date.parse(stateSince)).toBe(60_000);
    },
  },
  {
    reason: 'steps',
    what: 'names the steps before it that have not ended',
    create: async (bench) => {
      const swarm = await bench.world.swarm('a', busy);
      const [first, second] = await twoSteps(bench);
      await bench.one.inState(first, 'running');
      bench.atEnd(() => swarm.report(first, 1, { outcome: 'failed', error }));
      return second;
    },
    says: ({ why, step, workflowId }) => {
      expect({ step, workflowId }).toEqual({ step: 'second', workflowId: expect.stringMatching(/^w/) });
      expect(why.steps).toMatchObject([{ id: 'first', state: 'running' }]);
    },
  },
  {
    reason: 'backoff',
    what: 'says until when, after which error, and what was tried',
    create: async (bench) => {
      await bench.world.swarm('a', failing);
      const id = await bench.submit({ retry: { maxAttempts: 3, initialMs: 60_000, jitter: 0 } });
      await bench.one.inState(id, 'backoff');
      return id;
    },
    says: ({ why, next, tries, attempts }) => {
      expect(why.error).toEqual(error);
      expect(next).toEqual([{ kind: 'retry', at: why.until, detail: 'it goes into the queue' }]);
      expect(tries).toMatchObject({ attempts: 1, failures: 1, maxAttempts: 3, losses: 0, refusals: 0 });
      expect(attempts).toMatchObject([{ outcome: 'failed', error: { message: 'no' }, swarmId: 'a' }]);
    },
  },
  {
    reason: 'backoff',
    what: 'counts the refusals after which it waits',
    create: async (bench) => {
      const swarm = await bench.world.swarm('a', busy);
      swarm.admit = () => 'refused';
      const id = await bench.submit({});
      // The waits grow: a short one may be over before the pause comes.
      await eventually(
        async () => {
          const { state, retryAt = '' } = await bench.one.task(id);
          return state === 'backoff' && Date.parse(retryAt) - Date.now() > LONG_ENOUGH_MS;
        },
        { timeoutMs: 30_000, describe: 'a wait that lasts' },
      );
      await bench.one.call('POST', `/v1/tasks/${id}/pause`, { reason: 'while one looks' });
      return id;
    },
    says: ({ why, tries }) => {
      expect(why.detail).toMatch(/swarms have refused it \d+ times; it is paused too \(while one looks\)$/);
      expect(tries.refusals).toBeGreaterThan(2);
    },
  },
];

/** Steps that no swarm runs, and what their runs hold back. */
const IN_A_RUN: Situation[] = [
  {
    reason: 'approval',
    what: 'says until when somebody may approve it',
    create: (bench) => stepOf(bench, { id: 'step', approval: { timeoutMs: 60_000 } }),
    says: ({ why, next, stateSince }) => {
      const at = new Date(Date.parse(stateSince) + 60_000).toISOString();
      expect(why.detail).toBe(`nobody has approved it yet; it expires at ${at} (approval.timeoutMs)`);
      expect(next).toMatchObject([{ at }]);
    },
  },
  {
    reason: 'sleep',
    what: 'says until when',
    create: (bench) => stepOf(bench, { id: 'step', sleep: { ms: 60_000 } }),
    says: ({ why, stateSince }) => {
      const at = new Date(Date.parse(stateSince) + 60_000).toISOString();
      expect(why.detail).toBe(`it waits until ${at}`);
    },
  },
  {
    reason: 'sub-workflow',
    what: 'says that it is under way',
    create: (bench) =>
      stepOf(bench, { id: 'step', workflow: { tasks: [{ id: 'inner', approval: {} }], dependencies: {} } }),
    says: ({ why }) => expect(why.detail).toBe('the sub-workflow that it has started has not ended'),
  },
  {
    reason: 'items',
    what: 'says that they have not ended',
    create: async (bench) => {
      await bench.world.swarm('a', busy);
      return stepOf(bench, { id: 'step', type: 'echo', map: { over: '$.run.input' } }, { input: [1, 2] });
    },
    says: ({ why }) => expect(why.detail).toBe('items of the list over which it is mapped have not ended'),
  },
  {
    reason: 'run-limit',
    what: 'says how many its run may have under way',
    create: async (bench) => {
      await bench.world.swarm('a', busy);
      const first = { id: 'first', type: 'echo', estimateMs: 60_000 };
      return stepOf(bench, { id: 'step', type: 'echo' }, { tasks: [first], concurrency: 1 });
    },
    says: ({ why }) => expect(why.detail).toBe('as many steps of its run are under way as may be: 1'),
  },
];

/** In the queue. */
const IN_THE_QUEUE: Situation[] = [
  {
    reason: 'not-yet-considered',
    what: 'while the load-balancer is asked where it goes',
    create: async (bench) => {
      bench.holdBack(bench.world.lb);
      return bench.submit({ type: 'asked-for' });
    },
    says: ({ why, attempts, likelyStart }) => {
      expect(why.detail).toBe('being placed');
      expect({ attempts, likelyStart }).toEqual({ attempts: [], likelyStart: undefined });
    },
  },
  {
    reason: 'no-slot',
    what: 'says how many could run it, how busy they are, who is before it, and when it rises',
    create: async (bench) => {
      await bench.world.swarm('a', busy, { slots: 1 });
      await bench.running();
      for (const type of ['echo', 'echo', 'other']) await bench.submit({ type });
      return bench.submit({});
    },
    says: ({ why, line, next, likelyStart }) => {
      expect(why.detail).toMatch(/; 1 of 1 slot is busy$/);
      expect(why.capacity).toMatchObject({
        feasible: 1,
        withRoom: 0,
        swarms: [{ swarmId: 'a', region: 'eu-west', slots: 1, busySlots: 1 }],
      });
      expect(line).toMatchObject({ before: 2, isLeast: false, ofClass: 3, otherTasks: 1, otherClasses: 1 });
      expect(line).toMatchObject({ band: 'normal' });
      expect(next.map(({ kind }) => kind)).toEqual(['rise']);
      expect(likelyStart).toBeUndefined(); // nothing was measured
    },
  },
  {
    reason: 'no-slot',
    what: 'does not count the time for which it was paused',
    create: async (bench) => {
      await bench.world.swarm('a', busy, { slots: 1 });
      await bench.running({ type: 'first' });
      const id = await bench.submit({ type: 'paused-and-resumed' });
      await bench.one.call('POST', `/v1/tasks/${id}/pause`, { reason: 'lunch' });
      await bench.passed(20);
      await bench.one.call('POST', `/v1/tasks/${id}/resume`);
      return id;
    },
    says: ({ why, stateSince }) =>
      expect(Date.parse(why.since) - Date.parse(stateSince)).toBeGreaterThanOrEqual(20),
  },
  {
    reason: 'no-swarm',
    what: 'names what nobody meets, and the swarms that come nearest',
    create: async (bench) => {
      await bench.world.swarm('a', busy, { types: ['echo'] });
      return bench.submit({ type: 'unheard-of' });
    },
    says: ({ why }) => {
      expect(why.unmet).toMatchObject([{ rule: 'type', detail: 'type "unheard-of"' }]);
      expect(why.capacity).toMatchObject({
        feasible: 0,
        nearest: [{ swarmId: 'a', region: 'eu-west', state: 'ready', lacks: ['type "unheard-of"'] }],
      });
    },
  },
  {
    reason: 'limit',
    what: 'says its key, how many hold it and which tasks',
    create: async (bench) => {
      await bench.world.swarm('a', busy);
      await bench.limit({ limits: { api: { concurrency: 2 } } });
      const given = { namespace: 'limited', limitKeys: ['api', 'free'] };
      for (let each = 0; each < 2; each += 1) await bench.running(given);
      return bench.submit(given);
    },
    says: async ({ id }, bench) => {
      for (const replica of [bench.one, bench.two]) {
        const { why, line } = await bench.explainedAs(id, 'limit', replica);
        expect(why.detail).toBe('limit "api" allows 2 at the same time, and 2 are placed or running');
        const heldBy = bench.submitted.slice(-3, -1);
        expect(why.limits).toEqual([
          { key: 'api', concurrency: 2, isUsedUp: true, isCounted: true, running: 2, heldBy },
        ]);
        expect(why.capacity).toMatchObject({ feasible: 1, slots: 100 });
        expect(line).toMatchObject({ before: 0, ofClass: 1, otherTasks: 0, otherClasses: 0 });
      }
    },
  },
  {
    reason: 'rate',
    what: 'says when the next start is allowed',
    create: async (bench) => {
      await bench.world.swarm('a');
      // A new scheduler counts a whole window before it lets anybody through a rate.
      await bench.limit({ limits: { slow: { rate: { tasks: 1, perMs: 60_000 } } } });
      return bench.submit({ namespace: 'limited', limitKeys: ['slow'] });
    },
    says: ({ why: { until = '', limits }, next }) => {
      expect(Date.parse(until)).toBeGreaterThan(Date.now());
      expect(Date.parse(until)).toBeLessThan(Date.now() + 60_000);
      expect(limits).toMatchObject([{ key: 'slow', isUsedUp: true, nextStartAt: until }]);
      const detail = 'the rate "slow" lets the next one start';
      expect(next).toContainEqual({ kind: 'rate', at: until, detail });
    },
  },
  {
    reason: 'paused',
    what: 'says why, since when and by whom',
    create: async (bench) => {
      const id = await bench.submit({ type: 'paused-one' });
      await bench.one.call('POST', `/v1/tasks/${id}/pause`, { reason: 'night', requestedBy: 'dana' });
      return id;
    },
    says: ({ why, paused }) => {
      expect(why).toMatchObject({ since: paused?.at, detail: 'paused: night', requestedBy: 'dana' });
      expect(paused).toMatchObject({ reason: 'night', requestedBy: 'dana' });
    },
  },
  {
    reason: 'paused',
    what: 'over NATS, by nobody who gave a name',
    create: async (bench) => {
      const id = await bench.submit({ type: 'paused-one' });
      await bench.world.bus.request(subjects.task('pause'), { id }, { reply: Task });
      return id;
    },
    says: ({ paused }) => expect(paused).toMatchObject({ reason: 'paused on request', requestedBy: 'nats' }),
  },
  {
    reason: 'region-down',
    what: 'of a task that waits, when all swarms that could run it have fallen silent',
    create: async (bench) => {
      await bench.world.swarm('a', busy, { types: ['special'] });
      bench.world.lb.lose('a');
      return bench.submit({ type: 'special' });
    },
    says: ({ why }) => expect(why.detail).toMatch(/^region eu-west is down: its swarm was last heard at 2/),
  },
];

/** With a swarm. */
const HELD: Situation[] = [
  {
    reason: 'assigned',
    what: 'while its swarm has not answered',
    create: async (bench) => {
      bench.holdBack(await bench.world.swarm('a', busy));
      return bench.submit({});
    },
    says: ({ why, attempts, next }) => {
      expect(why.detail).toBe('attempt 1 was given to a (eu-west), which has not accepted it yet');
      expect({ attempts: attempts.length, next }).toEqual({ attempts: 1, next: [] });
    },
  },
  {
    reason: 'running',
    what: 'says where, and its time limits in their order',
    create: async (bench) => {
      await bench.world.swarm('a', busy);
      const deadline = new Date(Date.now() + HOUR).toISOString();
      return bench.running({ timeouts: { startToCloseMs: 50_000, deadline } });
    },
    says: ({ why, next, attempts }) => {
      expect(why.detail).toBe('attempt 1 runs on a (eu-west)');
      expect(next.map(({ kind }) => kind)).toEqual(['attempt-timeout', 'deadline']);
      expect(Date.parse(next[0]?.at ?? '')).toBe((attempts[0]?.startedAt ?? 0) + 50_000);
    },
  },
  {
    reason: 'region-down',
    what: 'of a task that runs, when nobody coordinates its region: names the swarm that has it',
    create: async (bench) => {
      const env = { ORCHESTRATOR_ROLES: 'regional', ORCHESTRATOR_REGIONS: 'far' };
      const far = await bench.world.cuttableReplica(env);
      await bench.world.swarm('f', busy, { region: 'far' });
      const id = await bench.running();
      await far.crash();
      return id;
    },
    says: ({ why }) => expect(why.detail).toBe('nobody speaks for region far; attempt 1 runs on f (far)'),
  },
  {
    reason: 'cancelling',
    what: 'says why, and when the task ends all the same',
    create: async (bench) => {
      const swarm = await bench.world.swarm('a', busy);
      swarm.ignoresCancels = true;
      const id = await bench.running();
      await bench.one.call('POST', `/v1/tasks/${id}/cancel`, { reason: 'enough' });
      bench.atEnd(() => swarm.report(id, 1, { outcome: 'cancelled' }));
      return id;
    },
    says: ({ why, next }) => {
      expect(why.detail).toBe(
        'it is being cancelled (enough), and ends with its attempt; attempt 1 runs on a (eu-west)',
      );
      expect(next).toMatchObject([{ kind: 'cancel-grace', at: why.until }]);
      expect(why.requestedBy).toBe('http:127.0.0.1'); // no name was given
    },
  },
];

/** Ended. */
const ENDED: Situation[] = [
  {
    reason: 'succeeded',
    what: 'says with which attempt, and where',
    create: async (bench) => {
      await bench.world.swarm('a');
      return bench.ended({});
    },
    says: ({ why }) => expect(why.detail).toBe('attempt 1 succeeded on a (eu-west)'),
  },
  {
    reason: 'failed',
    what: 'says why no other attempt follows',
    create: async (bench) => {
      await bench.world.swarm('a', failing);
      return bench.ended({ retry: { maxAttempts: 2, initialMs: 1, jitter: 0 } });
    },
    says: ({ why, tries }) => {
      expect(why).toMatchObject({ error });
      expect(why.detail).toBe(
        'attempt 2 came to nothing on a (eu-west), and no other follows: 2 of 2 attempts have failed',
      );
      expect(tries).toMatchObject({ attempts: 2, failures: 2 });
    },
  },
  {
    reason: 'cancelled',
    what: 'from the queue, without any attempt',
    create: async (bench) => {
      const id = await bench.submit({ type: 'nobody-has-it' });
      await bench.one.call('POST', `/v1/tasks/${id}/cancel`, { reason: 'not needed', requestedBy: 'dana' });
      return id;
    },
    says: ({ why, attempts, next }) => {
      expect(why.requestedBy).toBe('dana');
      expect(why).toMatchObject({
        detail: 'not needed',
        error: { code: 'cancelled', message: 'not needed' },
      });
      expect({ attempts, next }).toEqual({ attempts: [], next: [] });
    },
  },
  {
    reason: 'cancelled',
    what: 'while it ran, with its attempt',
    create: async (bench) => {
      await bench.world.swarm('a', busy);
      const id = await bench.running();
      await bench.one.call('POST', `/v1/tasks/${id}/cancel`, { reason: 'not needed' });
      return id;
    },
    says: ({ why, attempts }) => {
      expect(why.detail).toBe('not needed');
      expect(attempts.map(({ outcome }) => outcome)).toEqual(['cancelled']);
    },
  },
  {
    reason: 'expired',
    what: 'when no swarm has accepted it in time',
    create: (bench) => bench.ended({ type: 'nobody-has-it', timeouts: { scheduleToStartMs: 50 } }),
    says: ({ why, attempts }) => {
      expect(why.error?.code).toBe('schedule-to-start-timeout');
      expect(why.detail).toBe('no attempt started within 50 ms (timeouts.scheduleToStartMs)');
      expect(attempts).toEqual([]);
    },
  },
  {
    reason: 'expired',
    what: 'when its deadline passes while it runs',
    create: async (bench) => {
      await bench.world.swarm('a', busy);
      return bench.ended({ timeouts: { deadline: new Date(Date.now() + 500).toISOString() } });
    },
    says: ({ why, attempts }) => {
      expect(why.error?.code).toBe('deadline-exceeded');
      expect(attempts.map(({ outcome }) => outcome)).toEqual(['timed-out']);
    },
  },
  {
    reason: 'skipped',
    what: 'names the step that did not succeed',
    create: async (bench) => {
      await bench.world.swarm('a', failing);
      const [, second] = await twoSteps(bench);
      return second;
    },
    says: ({ why }) => expect(why.detail).toMatch(/first/),
  },
];

export const SITUATIONS: Situation[] = [...BEFORE_THE_QUEUE, ...IN_A_RUN, ...IN_THE_QUEUE, ...HELD, ...ENDED];

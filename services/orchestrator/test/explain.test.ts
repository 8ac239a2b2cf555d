import { Explanation, isTerminal, subjects, type Event, type ExplainedAttempt } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { World, type Replica } from './support/world';

let world: World;
let one: Replica;
let two: Replica;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica({ ORCHESTRATOR_REGIONS: 'eu-west' });
  two = await world.replica({ ORCHESTRATOR_REGIONS: 'eu-west' });
});

afterEach(async () => {
  await cancelAll();
  await world.allSlotsBack();
  await world.dismissSwarms();
});

afterAll(() => world.stop());

const open: string[] = [];

async function submit(body: Record<string, unknown>): Promise<string> {
  const id = await one.submit(body);
  open.push(id);
  return id;
}

/** What a test leaves waiting would be placed in the next one. */
async function cancelAll(): Promise<void> {
  for (const id of open.splice(0)) {
    await one.call('POST', `/v1/tasks/${id}/cancel`);
    await one.ended(id);
  }
}

async function explained(id: string, replica = one): Promise<Explanation> {
  const { status, body } = await replica.call('GET', `/v1/tasks/${id}/explain`);
  expect(status).toBe(200);
  return Explanation.parse(body);
}

function explainedAs(id: string, reason: Explanation['why']['reason'], replica = one): Promise<Explanation> {
  let last: Explanation | undefined;
  return eventually(
    async () => {
      last = await explained(id, replica);
      const isCounted = last.why.limits?.every((each) => each.isCounted) ?? true; // shards move in the beginning
      return last.why.reason === reason && isCounted ? last : undefined;
    },
    { timeoutMs: 10_000, describe: () => `${id} being explained as ${reason}: ${JSON.stringify(last)}` },
  );
}

async function limit(settings: object): Promise<void> {
  expect((await one.call('PUT', '/v1/namespaces/limited', settings)).status).toBe(200);
}

/** Never ends by itself. */
const busy = () => undefined;
const FAR = new Date(Date.now() + 3_600_000).toISOString();

test('an unknown task is not found, over HTTP and over NATS', async () => {
  const id = 't1-01a203efe53c1c3a11d42cb6b8';
  expect(await one.call('GET', `/v1/tasks/${id}/explain`)).toMatchObject({
    status: 404,
    body: { code: 'task-not-found', retryable: false },
  });
  await expect(
    world.bus.request(subjects.task('explain'), { id }, { reply: Explanation }),
  ).rejects.toMatchObject({ code: 'task-not-found' });
});

test('a limit says its key, how many hold it and which tasks; any replica says the same', async () => {
  await world.swarm('a', busy);
  await limit({ limits: { api: { concurrency: 2 } } });
  const given = { namespace: 'limited', limitKeys: ['api', 'free'] };
  const running = [await submit(given), await submit(given)];
  for (const id of running) await one.inState(id, 'running');
  const id = await submit(given);
  for (const replica of [one, two]) {
    const { why, line } = await explainedAs(id, 'limit', replica);
    expect(why.detail).toBe('limit "api" allows 2 at the same time, and 2 are placed or running');
    expect(why.limits).toEqual([
      { key: 'api', concurrency: 2, isUsedUp: true, isCounted: true, running: 2, heldBy: running },
    ]);
    expect(why.capacity).toMatchObject({ feasible: 1, slots: 100 });
    expect(line).toMatchObject({ before: 0, ofClass: 1, otherTasks: 0, otherClasses: 0 });
  }
});

test('a rate that is used up says when the next start is allowed', async () => {
  await world.swarm('a');
  // A new scheduler counts a whole window before it lets anybody through a rate.
  await limit({ limits: { slow: { rate: { tasks: 1, perMs: 60_000 } } } });
  const id = await submit({ namespace: 'limited', limitKeys: ['slow'] });
  const { why, next } = await explainedAs(id, 'rate');
  expect(Date.parse(why.until ?? '')).toBeGreaterThan(Date.now());
  expect(Date.parse(why.until ?? '')).toBeLessThan(Date.now() + 60_000);
  expect(why.limits).toMatchObject([{ key: 'slow', isUsedUp: true, nextStartAt: why.until }]);
  expect(next).toContainEqual({
    kind: 'rate',
    at: why.until,
    detail: 'the rate "slow" lets the next one start',
  });
});

test('without a free slot it says how many could run it, how busy they are, who is before it, and when it rises', async () => {
  await world.swarm('a', busy, { slots: 1 });
  await one.inState(await submit({}), 'running');
  const ids = [await submit({}), await submit({}), await submit({ type: 'other' }), await submit({})];
  const last = ids.at(-1) ?? '';
  const { why, line, likelyStart, next } = await explainedAs(last, 'no-slot');
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
});

test('a likely start is computed from how fast its class was started', async () => {
  const swarm = await world.swarm('a', busy, { slots: 1 });
  const ids = [await submit({})];
  await one.inState(ids[0] ?? '', 'running');
  for (let at = 0; at < 4; at += 1) ids.push(await submit({}));
  const last = ids.at(-1) ?? '';
  await explainedAs(last, 'no-slot');
  for (const id of ids.slice(0, 2)) {
    await eventually(() => swarm.holds(id), { describe: `${id} running` });
    await swarm.report(id, 1);
  }
  await eventually(() => swarm.holds(ids[2] ?? ''), { describe: 'the third running' });
  const { line, likelyStart, explainedAt } = await explainedAs(last, 'no-slot');
  expect(line?.before).toBe(1);
  const { at, pace } = likelyStart ?? { at: '', pace: { starts: 0, inMs: 0 } };
  expect(pace.starts).toBe(2);
  const after = Date.parse(at) - Date.parse(explainedAt);
  expect(Math.abs(after - pace.inMs)).toBeLessThan(50); // two more, as the two before
});

test('a requirement that nobody meets is named, with the swarms that come nearest', async () => {
  await world.swarm('a', busy, { types: ['echo'] });
  const { why } = await explainedAs(await submit({ type: 'unheard-of' }), 'no-swarm');
  expect(why.unmet).toMatchObject([{ rule: 'type', detail: 'type "unheard-of"' }]);
  expect(why.capacity).toMatchObject({
    feasible: 0,
    nearest: [{ swarmId: 'a', region: 'eu-west', state: 'ready', lacks: ['type "unheard-of"'] }],
  });
});

test('a region is down when all swarms that could run the task have fallen silent', async () => {
  await world.swarm('a', busy, { types: ['special'] });
  world.lb.lose('a');
  const { why } = await explainedAs(await submit({ type: 'special' }), 'region-down');
  expect(why.detail).toMatch(/^region eu-west is down: its swarm was last heard at 2/);
});

test('an attempt whose region nobody coordinates says that, and which swarm has it', async () => {
  const far = await world.cuttableReplica({ ORCHESTRATOR_ROLES: 'regional', ORCHESTRATOR_REGIONS: 'far' });
  await world.swarm('f', busy, { region: 'far' });
  const id = await submit({});
  await one.inState(id, 'running');
  expect((await explained(id)).why).toMatchObject({ reason: 'running', detail: 'attempt 1 runs on f (far)' });
  await far.crash();
  const { why } = await explainedAs(id, 'region-down');
  expect(why.detail).toBe('nobody speaks for region far; attempt 1 runs on f (far)');
});

test('a task in its backoff says until when, after which error, and what was tried', async () => {
  await world.swarm('a', ({ attempt }) => ({
    outcome: 'failed',
    error: { code: 'flaky', message: `try ${attempt}`, retryable: true },
  }));
  const retry = { maxAttempts: 3, initialMs: 20, factor: 10, maxMs: 600_000, jitter: 0 };
  const id = await submit({ retry: { ...retry, initialMs: 60_000 } });
  await one.inState(id, 'backoff');
  const { why, next, tries, attempts } = await explained(id);
  expect(why).toMatchObject({ reason: 'backoff', error: { code: 'flaky', message: 'try 1' } });
  expect(next).toEqual([{ kind: 'retry', at: why.until, detail: 'it goes into the queue' }]);
  expect(tries).toMatchObject({ attempts: 1, failures: 1, maxAttempts: 3, losses: 0, refusals: 0 });
  expect(attempts).toMatchObject([{ outcome: 'failed', error: { message: 'try 1' }, swarmId: 'a' }]);
});

test('a paused task says why and since when', async () => {
  const id = await submit({ type: 'paused-one' });
  await one.call('POST', `/v1/tasks/${id}/pause`, { reason: 'night' });
  const { why, paused } = await explained(id);
  expect(why).toMatchObject({ reason: 'paused', since: paused?.at, detail: 'paused: night' });
  expect(paused?.reason).toBe('night');
});

test('notBefore, a signal and its end are said with their times', async () => {
  const waitFor = { signal: 'approved', timeoutMs: 60_000 };
  const later = await explained(await submit({ notBefore: FAR, waitFor }));
  expect(later.why).toMatchObject({ reason: 'not-before', until: FAR });
  expect(later.next).toEqual([{ kind: 'not-before', at: FAR, detail: 'it begins to wait for its signal' }]);
  const { why, next, stateSince } = await explained(await submit({ waitFor }));
  expect(why).toMatchObject({ reason: 'signal', signal: 'approved' });
  expect(next).toMatchObject([{ kind: 'signal-timeout' }]);
  expect(Date.parse(next[0]?.at ?? '') - Date.parse(stateSince)).toBe(60_000);
});

test('a step says which steps before it have not ended, and a skipped one why', async () => {
  const swarm = await world.swarm('a', busy);
  const run = await one.submitWorkflow({
    tasks: [
      { id: 'first', type: 'echo', retry: { maxAttempts: 1 } },
      { id: 'second', type: 'echo' },
    ],
    dependencies: { second: ['first'] },
  });
  const [first, second] = (await one.workflow(run)).steps.map(({ taskId }) => taskId) as [string, string];
  await one.inState(first, 'running');
  const { why, step, workflowId } = await explained(second);
  expect({ step, workflowId }).toEqual({ step: 'second', workflowId: run });
  expect(why).toMatchObject({ reason: 'steps', steps: [{ id: 'first', taskId: first, state: 'running' }] });
  const error = { code: 'bad', message: 'no', retryable: true };
  await swarm.report(first, 1, { outcome: 'failed', error });
  const skipped = await explainedAs(second, 'skipped');
  expect(skipped.why.detail).toMatch(/first/);
  const failed = await explained(first);
  expect(failed.why.detail).toBe(
    'attempt 1 came to nothing on a (eu-west), and no other follows: 1 of 1 attempts have failed',
  );
});

test('a cancel that is under way says since when, and when the task ends all the same', async () => {
  const swarm = await world.swarm('a', busy);
  swarm.ignoresCancels = true;
  const id = await submit({});
  await one.inState(id, 'running');
  await one.call('POST', `/v1/tasks/${id}/cancel`, { reason: 'enough' });
  const { why, next } = await explainedAs(id, 'cancelling');
  expect(why.detail).toBe(
    'it is being cancelled (enough), and ends with its attempt; attempt 1 runs on a (eu-west)',
  );
  expect(next).toMatchObject([{ kind: 'cancel-grace', at: why.until }]);
  await swarm.report(id, 1, { outcome: 'cancelled' });
});

test('time limits come next in their order', async () => {
  await world.swarm('a', busy);
  const id = await submit({ timeouts: { startToCloseMs: 50_000, deadline: FAR } });
  await one.inState(id, 'running');
  const { next, attempts } = await explained(id);
  expect(next.map(({ kind }) => kind)).toEqual(['attempt-timeout', 'deadline']);
  expect(Date.parse(next[0]?.at ?? '')).toBe((attempts[0]?.startedAt ?? 0) + 50_000);
  expect(next[1]?.at).toBe(FAR);
});

async function eventsOf(id: string): Promise<Event[]> {
  return ((await one.call('GET', `/v1/tasks/${id}/events`)).body as { items: Event[] }).items;
}

/** What an attempt was according to the events: where, when it started and ended, and how. */
function attemptsIn(events: readonly Event[]): Partial<ExplainedAttempt>[] {
  const attempts = new Map<number, Partial<ExplainedAttempt>>();
  for (const { type, attempt, swarmId, at } of events) {
    if (attempt === undefined) continue;
    const known = attempts.get(attempt) ?? { attempt };
    if (type === 'task.assigned') Object.assign(known, { swarmId, assignedAt: at });
    if (type === 'task.running') Object.assign(known, { startedAt: at });
    if (type === 'task.lost') Object.assign(known, { outcome: 'lost', endedAt: at });
    if (type === 'task.refused') Object.assign(known, { outcome: 'refused', endedAt: at });
    attempts.set(attempt, known);
  }
  return [...attempts.values()];
}

/** When the attempt began that was last explained: a swarm reports the same. */
function startIn(told: readonly Explanation[]): { startedAt?: number } {
  const startedAt = told.at(-1)?.attempts.at(-1)?.startedAt;
  return startedAt === undefined ? {} : { startedAt };
}

test('the explanation agrees with the event log: states, attempts and times, through a refusal, a loss and a failure', async () => {
  const swarm = await world.swarm('a', busy);
  let refusals = 1;
  swarm.admit = () => (refusals-- > 0 ? 'refused' : undefined);
  const id = await submit({ retry: { maxAttempts: 2, initialMs: 20, jitter: 0 } });
  const ofState: Explanation[] = [];
  const until = async (state: string, attempt: number): Promise<void> => {
    ofState.push(
      await eventually(
        async () => {
          const told = await explained(id);
          return told.state === state && told.tries.attempts >= attempt ? told : undefined;
        },
        { timeoutMs: 10_000, describe: `${id} being ${state} in attempt ${attempt}` },
      ),
    );
  };
  await until('running', 1);
  const lost = ofState[0]?.tries.attempts ?? 0;
  swarm.restart();
  await until('running', lost + 1);
  const error = { code: 'x', message: 'no', retryable: true };
  await swarm.report(id, lost + 1, { outcome: 'failed', error, ...startIn(ofState) });
  await until('running', lost + 2);
  await swarm.report(id, lost + 2, startIn(ofState));
  await until('succeeded', lost + 2);

  const events = await eventsOf(id);
  for (const { state, stateSince } of ofState) {
    const said = events.filter(({ type, at }) => type === `task.${state}` && at === Date.parse(stateSince));
    expect(said).toHaveLength(1);
  }
  const last = ofState.at(-1);
  expect(last?.attempts.map(({ outcome }) => outcome)).toEqual(
    expect.arrayContaining(['lost', 'failed', 'succeeded']),
  );
  expect(last?.attempts).toMatchObject(attemptsIn(events));
  expect(last?.attempts.every(({ receipt, swarmId }) => receipt !== undefined && swarmId === 'a')).toBe(true);
  expect(last?.tries).toMatchObject({ failures: 1, losses: 1 });
  expect(isTerminal(last?.state ?? '')).toBe(true);
});

import {
  shardOf,
  type Accepted,
  type DecisionPage,
  type SystemStatus,
  type Task,
} from '@multiswarm/contracts';
import { connect, type Client, type Swarm } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { startStack, type AddedReplica, type Stack } from './stack';
import { HeldWork, quietSwarm } from './support/held-work';
import { call } from './support/http';
import { WhoDoesWhat } from './support/who-does-what';

const SHARDS = 8;
const SLOTS = 20;
const WAITING = 5_000;
/** Accepted before, and again after one of the replicas is told to go. */
const UNDER_WAY = 200;
/** Tasks, and routes, that are asked for before a load-balancer is killed, and again after it. */
const ASKED = 50;

let stack: Stack;
let who: WhoDoesWhat;
let client: Client;
let crew: Swarm;
const work = new HeldWork();
const ran: string[] = [];
let living: AddedReplica[];

beforeAll(async () => {
  stack = await startStack({
    SHARDS: String(SHARDS),
    // Longer than a submission waits for the owner of its shard: who goes has to hand over.
    SHARD_LEASE_MS: '4000',
    SHARD_LEASE_RENEW_MS: '1000',
    LOG_LEVEL: 'info',
  });
  who = await WhoDoesWhat.connect(stack.nats.url);
  // What fails once has failed.
  client = await connect({ servers: stack.nats.url, retryForMs: 0 });
  crew = quietSwarm('crew', stack.nats.url, SLOTS)
    .handle('hold', work.handler)
    .handle('echo', (input, { task }) => {
      ran.push(task.id);
      return input;
    });
  await crew.start();
  living = [{ program: stack.services.orchestrator, url: stack.url('orchestrator') }];
});
afterAll(async () => {
  work.open();
  await crew.stop();
  await client.close();
  await who.close();
  await stack.stop();
});

/** Two replicas that share the shards. The first one schedules, and is about to end. */
async function pair(): Promise<[AddedReplica, AddedReplica]> {
  const [one, two = await stack.addOrchestrator()] = living;
  if (!one) throw new Error('no orchestrator is left');
  const [ending, staying] = await who.shared([one, two], SHARDS);
  living = [staying];
  return [ending, staying];
}

async function succeeded(url: string): Promise<number> {
  return (await call<SystemStatus>(`${url}/status`)).body.tasks['succeeded'] ?? 0;
}

/** Resolves once so many tasks have succeeded since there were `before`. */
async function allSucceeded(url: string, before: number, count: number): Promise<void> {
  let last = 0;
  await eventually(
    async () => {
      last = (await succeeded(url)) - before;
      return last >= count;
    },
    { timeoutMs: 60_000, describe: () => `the success of ${count} tasks, of ${last} it is known` },
  );
}

/** What ran beside what should have run, once. */
function compared(ran: readonly string[], expected: readonly string[]): Record<string, string[]> {
  const [seen, meant] = [new Set(ran), new Set(expected)];
  return {
    twice: ran.filter((each, index) => ran.indexOf(each) !== index),
    missing: expected.filter((each) => !seen.has(each)),
    strange: ran.filter((each) => !meant.has(each)),
  };
}

test('the process that schedules is told to go while tasks are submitted: it hands over, no submission fails, and every task runs once', async () => {
  const [leaving, staying] = await pair();
  const before = await succeeded(staying.url);
  const ids: string[] = [];
  let isOver = false;
  const clientOf = async (submit: () => Promise<string>): Promise<void> => {
    while (!isOver) ids.push(await submit());
  };
  const overHttp = async (): Promise<string> => {
    const { status, body } = await call<Accepted>(`${staying.url}/v1/tasks`, { type: 'echo' });
    expect(status).toBe(202);
    return body.id;
  };
  const overNats = async (): Promise<string> => (await client.submit('echo')).id;
  const clients = Promise.all([overHttp, overHttp, overNats, overNats].map(clientOf)).finally(() => {
    isOver = true;
  });
  // Its failure is seen at the end; until then nobody waits for it.
  clients.catch(() => undefined);
  const more = async (): Promise<void> => {
    const then = ids.length;
    await eventually(() => isOver || ids.length > then + UNDER_WAY, { timeoutMs: 15_000 });
  };
  await more();
  const code = await leaving.program.stop();
  await more();
  isOver = true;
  await clients;
  expect(code).toBe(0);
  await allSucceeded(staying.url, before, ids.length);
  expect(compared(ran, ids)).toEqual({ twice: [], missing: [], strange: [] });
});

test(`the process that schedules is killed while ${WAITING} tasks wait: the other one serves all shards, what runs goes on, and nothing runs twice`, async () => {
  const [dying, surviving] = await pair();
  const before = await succeeded(surviving.url);
  const pile = async (count: number): Promise<string[]> => {
    const { items } = await client.submitBatch(Array.from({ length: count }, () => ({ task: 'hold' })));
    return items.flatMap(({ handle }) => handle?.id ?? []);
  };
  const held = await pile(SLOTS);
  await eventually(() => work.attempts.length === SLOTS);
  const waiting = await pile(WAITING);
  expect(waiting).toHaveLength(WAITING);
  await who.schedulerKnows(WAITING);

  dying.program.process.kill('SIGKILL');
  await dying.program.ended;
  const byShard = new Map(waiting.map((id) => [shardOf(id, SHARDS), id]));
  expect(byShard.size).toBe(SHARDS);
  const cancelled = [...byShard.values()];
  for (const id of cancelled)
    await eventually(async () => (await call(`${surviving.url}/v1/tasks/${id}/cancel`, {})).status === 202, {
      timeoutMs: 15_000,
      describe: () => `the cancellation of ${id}`,
    });
  await who.schedulerKnows(WAITING - SHARDS);
  for (const id of held)
    expect((await call<Task>(`${surviving.url}/v1/tasks/${id}`)).body).toMatchObject({
      state: 'running',
      attempt: 1,
    });
  expect(work.attempts.filter(({ ctx }) => ctx.signal.aborted)).toEqual([]);

  work.open();
  await allSucceeded(surviving.url, before, SLOTS + WAITING - SHARDS);
  const left = waiting.filter((id) => !cancelled.includes(id));
  const expected = [...held, ...left].map((id) => `${id}#1`);
  expect(compared(work.began, expected)).toEqual({ twice: [], missing: [], strange: [] });
});

test('one of two load-balancers is killed while tasks and routes are asked for: none is refused, and every task runs once', async () => {
  const [one] = living;
  if (!one) throw new Error('no orchestrator is left');
  const dying = await stack.addLoadBalancer();
  const [before, from] = [await succeeded(one.url), ran.length];
  const router = await connect({ servers: stack.nats.url });
  const ids: string[] = [];
  let routed = 0;
  let isOver = false;
  const repeat = async (ask: () => Promise<void>): Promise<void> => {
    while (!isOver) await ask();
  };
  const submit = async (): Promise<void> => void ids.push((await client.submit('echo')).id);
  const route = async (): Promise<void> => {
    const { swarmId, reservationId } = await router.routing.route({ requirements: {} });
    await router.routing.report({ swarmId, reservationId, success: true });
    routed += 1;
  };
  const asking = Promise.all([submit, submit, route, route].map(repeat)).finally(() => {
    isOver = true;
  });
  asking.catch(() => undefined);
  const more = async (): Promise<void> => {
    const [tasks, routes] = [ids.length, routed];
    await eventually(() => isOver || (ids.length > tasks + ASKED && routed > routes + ASKED), {
      timeoutMs: 20_000,
    });
  };
  await more();
  const { kept } = (await call<DecisionPage>(`${dying.url}/v1/decisions`)).body;
  dying.program.process.kill('SIGKILL');
  await dying.program.ended;
  await more();
  isOver = true;
  await asking;
  await router.close();
  expect(kept).toBeGreaterThan(0);
  await allSucceeded(one.url, before, ids.length);
  expect(compared(ran.slice(from), ids)).toEqual({ twice: [], missing: [], strange: [] });
});

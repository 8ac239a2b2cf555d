import { PassThrough } from 'node:stream';
import { join } from 'node:path';
import { connectBus, type Bus } from '@multiswarm/bus';
import { DispatchReply, ReplicaAlive, shardOf, subjects } from '@multiswarm/contracts';
import { connect, createSwarm, type Client, type Swarm } from '@multiswarm/sdk';
import { Store } from '@multiswarm/store';
import { createLogger } from '@multiswarm/telemetry';
import { eventually, type TestServer } from '@multiswarm/testing';
import { startProgram, startStack, type Program, type ServiceName, type Stack } from '../../../e2e/stack';
import { LATEST_EPOCH } from '../targets/epochs';
import { listenersOf } from './listeners';
import { LogWatch } from './log-watch';

export const REGION = 'eu-west';
const SLOTS = 4;
const ACTOR = 'actor';
const NORMAL_TASK_MS = 30_000;
export const SHARDS = 16;
/** So that NATS tells who listens on what. */
const MONITORED = 'http: "127.0.0.1:-1"';

/** What is there before the first request, so that some requests are about something. */
export interface Known {
  tasks: string[];
  workflows: string[];
  /** Ids of payloads that are stored. */
  payloads: string[];
  /** Of whom anything may be said. The swarm that does the normal tasks is another one, which nobody knows. */
  swarm: string;
  /** The swarm that is attacked itself: a process of its own. */
  actor: string;
  namespace: string;
  region: string;
  shard: number;
  replica: string;
  /** The replica of the load-balancer. */
  balancer: string;
  /** The replica of the communicator. */
  communicator: string;
}

/** Real servers, the three services as built, two swarms, and a client that wants nothing strange. */
export interface System {
  readonly watches: readonly LogWatch[];
  readonly client: Client;
  readonly bus: Bus;
  readonly store: Store;
  readonly known: Known;
  readonly nats: TestServer;
  readonly shards: number;
  readonly url: (service: ServiceName) => string;
  /** A task is submitted, runs, and its result comes back; throws where it does not. */
  serveNormalTask(): Promise<string>;
  stop(): Promise<void>;
}

export async function startSystem(): Promise<System> {
  const probe = `--require ${join(__dirname, 'probe.cjs')}`;
  const stack = await startStack({ LOG_LEVEL: 'info', NODE_OPTIONS: probe }, { config: MONITORED });
  const { url: servers } = stack.nats;
  const crew = swarm('crew', servers, ['calm']);
  const puppet = swarm('puppet', servers, []);
  await Promise.all([crew.start(), puppet.start()]);
  const orchestrator = await secondOwner(stack);
  const actor = await startActor(servers, probe);
  const client = await connect({ servers });
  const bus = await connectBus({ servers, name: 'fuzz' });
  await tellEpochs(bus);
  const store = await Store.connect({ url: stack.redis.url, name: 'fuzz' });
  const { 'load-balancer': balancer, communicator } = stack.services;
  return {
    ...{ client, bus, store, nats: stack.nats, shards: SHARDS },
    watches: [
      new LogWatch('orchestrator', orchestrator.program),
      new LogWatch('load-balancer', balancer),
      new LogWatch('communicator', communicator),
      new LogWatch(ACTOR, actor),
    ],
    known: {
      ...(await submitKnown(client)),
      ...{ swarm: puppet.id, actor: ACTOR },
      region: REGION,
      replica: await replicaHeard(bus),
      balancer: await replicaOf(stack.nats, 'load-balancer', subjects.lbRenew('')),
      communicator: await replicaOf(stack.nats, 'communicator', subjects.directoryChanges('')),
    },
    url: (service) => (service === 'orchestrator' ? orchestrator.url : stack.url(service)),
    serveNormalTask: () => serveNormalTask(client),
    stop: async () => {
      await Promise.all([client.close(), bus.close(), store.close()]);
      await Promise.all([crew.stop(), puppet.stop(), actor.stop()]);
      await stack.stop();
    },
  };
}

function swarm(id: string, servers: string, capabilities: string[]): Swarm {
  const logger = createLogger({ service: 'swarm', level: 'error', stream: new PassThrough().resume() });
  const options = { id, region: REGION, slots: SLOTS, servers, capabilities, handleSignals: false, logger };
  return createSwarm(options).handle('echo', (input) => input);
}

async function startActor(servers: string, probe: string): Promise<Program> {
  const program = startProgram([join(__dirname, 'actor.cjs'), servers, ACTOR, REGION], {
    NODE_OPTIONS: probe,
  });
  const isUp = (): boolean => program.log().some(({ message }) => message === 'listening');
  await eventually(isUp, { describe: () => `the swarm listens; its log:\n${program.stderr()}\n` });
  return program;
}

/** With a second owner for everything, there are epochs that are over. */
async function secondOwner(stack: Stack): ReturnType<Stack['addOrchestrator']> {
  const next = await stack.addOrchestrator();
  await stack.services.orchestrator.stop();
  return next;
}

/** The swarm that is attacked hears of an owner of every shard and of a coordinator that are later than any real ones. */
async function tellEpochs(bus: Bus): Promise<void> {
  const spec = { swarmId: ACTOR, type: '*', namespace: 'default', priority: 'normal', input: null };
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const attempt = {
      ...spec,
      taskId: `t${shard}-00000000`,
      attempt: 1,
      shard,
      resources: {},
      traceparent: '',
    };
    const request = {
      ...{ v: 1, shard, epoch: LATEST_EPOCH, regionEpoch: LATEST_EPOCH },
      attempts: [{ ...attempt, again: true }],
    };
    const { outcomes } = await bus.request(subjects.swarmTasks(ACTOR), request, { reply: DispatchReply });
    if (outcomes[0]?.outcome !== 'refused')
      throw new Error(`the swarm has taken ${JSON.stringify(outcomes)}`);
  }
}

/** Its name, which it says nowhere: the subject on which it alone is asked does. */
async function replicaOf(nats: TestServer, service: string, own: string): Promise<string> {
  const subject = [...(await listenersOf(nats, [service]))].find((each) => each.startsWith(own));
  if (subject === undefined) throw new Error(`the ${service} does not listen on a subject of its own`);
  return subject.slice(own.length);
}

/** The name of the only orchestrator, as it says it. */
function replicaHeard(bus: Bus): Promise<string> {
  return new Promise((resolve) => {
    const listening = bus.subscribe(
      subjects.replicaAlive(),
      { schema: ReplicaAlive },
      ({ replica, leaving }) => {
        if (leaving) return;
        listening.stop();
        resolve(replica);
      },
    );
  });
}

async function serveNormalTask(client: Client): Promise<string> {
  const input = { said: 'hello' };
  const calm = { priority: 'critical', namespace: 'calm', requirements: { capabilities: ['calm'] } } as const;
  const handle = await client.submit('echo', input, calm);
  const output = await handle.result({ timeoutMs: NORMAL_TASK_MS }).catch(async (error: unknown) => {
    const { state, waiting, attempts } = await handle.get();
    const shown = JSON.stringify({ state, waiting, attempts }).slice(0, 1_000);
    throw new Error(`${String(error)}: ${shown}`, { cause: error });
  });
  if (JSON.stringify(output) !== JSON.stringify(input))
    throw new Error(`echo answered ${JSON.stringify(output)}`);
  return handle.id;
}

/** Under keys, from which the ids follow: every run of a seed is about the same ids. */
async function submitKnown(
  client: Client,
): Promise<Pick<Known, 'tasks' | 'workflows' | 'payloads' | 'namespace' | 'shard'>> {
  const namespace = 'known';
  const submit = (type: string, more = {}) =>
    client.submit(type, { a: 1 }, { namespace, idempotencyKey: type, ...more });
  const done = await submit('echo');
  await done.result({ timeoutMs: NORMAL_TASK_MS });
  const waiting = await submit('nobody-does-this');
  const signalled = await submit('waits', { waitFor: { signal: 'go' } });
  const steps = [
    { id: 'a', type: 'echo' },
    { id: 'b', type: 'nobody-does-this' },
  ];
  const flow = await client.submitWorkflow(
    { tasks: steps, dependencies: { b: ['a'] }, namespace },
    { idempotencyKey: 'flow' },
  );
  const tasks = [done.id, waiting.id, signalled.id];
  const payload = await client.payloads.put({ a: 1 }, { namespace });
  const shard = shardOf(waiting.id, SHARDS) ?? 0;
  return { tasks, workflows: [flow.id], payloads: [payload.id], namespace, shard };
}

import { PassThrough } from 'node:stream';
import { connectBus, type Bus } from '@multiswarm/bus';
import { isTerminal, type Accepted, type Task, type Workflow } from '@multiswarm/contracts';
import {
  createHttpApp,
  listen,
  loadSettings,
  type Listening,
  type StartedService,
} from '@multiswarm/service';
import { Store } from '@multiswarm/store';
import { createLogger, startTelemetry } from '@multiswarm/telemetry';
import {
  eventually,
  startNats,
  startRedis,
  startTcpProxy,
  type TcpProxy,
  type TestServer,
} from '@multiswarm/testing';
import { startOrchestrator } from '../../src/start';
import { FakeLoadBalancer } from './fake-load-balancer';
import { FakeSwarm, SHARDS, type Agent } from './fake-swarm';

export interface Answer {
  status: number;
  headers: Headers;
  // What a test reads of it, it also asserts.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** The ways of one replica to its servers. */
export interface Ways {
  nats: TcpProxy;
  redis: TcpProxy;
}

/** One orchestrator in this process, with its HTTP face on a port of its own. */
export class Replica {
  private constructor(
    private readonly service: StartedService,
    private readonly http: Listening,
    private readonly cleanUps: (() => Promise<void> | void)[],
    readonly logs: () => string,
    /** Its own ways to the servers, where the test wants to cut them. */
    readonly ways?: Ways,
  ) {}

  static async start(env: Record<string, string>, ways?: Ways): Promise<Replica> {
    const { values: settings } = loadSettings('orchestrator', { env });
    const stream = new PassThrough();
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const logger = createLogger({ service: 'orchestrator', level: 'info', stream });
    const telemetry = startTelemetry({ service: 'orchestrator', version: '0.0.0-test', env: {} });
    const cleanUps: (() => Promise<void> | void)[] = [() => telemetry.shutdown()];
    if (ways)
      cleanUps.push(
        () => ways.nats.stop(),
        () => ways.redis.stop(),
      );
    const onShutdown = (clean: () => Promise<void> | void): void => void cleanUps.push(clean);
    try {
      const service = await startOrchestrator({ settings, logger, telemetry, onShutdown }, '0.0.0-test');
      const app = createHttpApp({
        service: 'orchestrator',
        version: '0.0.0-test',
        title: 'Multiswarm orchestrator',
        ...{ routes: service.routes, checks: service.checks, telemetry, logger },
      });
      const http = await listen(app, { host: '127.0.0.1', port: 0, logger });
      return new Replica(service, http, cleanUps, () => text, ways);
    } catch (error) {
      for (const clean of cleanUps.reverse()) await clean();
      throw error;
    }
  }

  get url(): string {
    return this.http.url;
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  async submit(body: Record<string, unknown>): Promise<string> {
    const answer = await this.call('POST', '/v1/tasks', { type: 'echo', ...body });
    if (answer.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer.body)}`);
    return (answer.body as Accepted).id;
  }

  async submitWorkflow(body: Record<string, unknown>): Promise<string> {
    const answer = await this.call('POST', '/v1/workflows', body);
    if (answer.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer.body)}`);
    return (answer.body as Accepted).id;
  }

  async task(id: string, waitMs = 0): Promise<Task> {
    return (await this.call('GET', `/v1/tasks/${id}?waitMs=${waitMs}`)).body as Task;
  }

  /** The task once it has ended. */
  async ended(id: string): Promise<Task> {
    const task = await this.task(id, 15_000);
    if (!isTerminal(task.state)) throw new Error(`${id} has not ended: ${JSON.stringify(task)}`);
    return task;
  }

  inState(id: string, state: Task['state']): Promise<Task> {
    let last: Task | undefined;
    return eventually(
      async () => {
        last = await this.task(id);
        return last.state === state ? last : undefined;
      },
      { timeoutMs: 30_000, describe: () => `${id} being ${state}, it is ${JSON.stringify(last)}` },
    );
  }

  async workflow(id: string, waitMs = 0): Promise<Workflow> {
    return (await this.call('GET', `/v1/workflows/${id}?waitMs=${waitMs}`)).body as Workflow;
  }

  /** As a signal does it: what is in flight ends, leases are given back. */
  async stop(): Promise<void> {
    await this.http.close(1_000);
    await this.service.stop();
    for (const clean of this.cleanUps.splice(0).reverse()) await clean();
  }

  /** As a power cut does it, as far as others can tell: its connections are gone, and nothing is given back. */
  async crash(): Promise<void> {
    this.ways?.nats.cut();
    this.ways?.redis.cut();
    for (const clean of this.cleanUps.splice(0).reverse()) await clean();
    await this.http.close(0);
    // Its timers end; whatever it still wants to release meets closed connections.
    void this.service.stop().catch(() => undefined);
  }
}

/** Real servers, a load-balancer and swarms that are the test's own, and as many orchestrators as it wants. */
export class World {
  private readonly replicas: Replica[] = [];
  private readonly swarms: FakeSwarm[] = [];

  private constructor(
    readonly nats: TestServer,
    readonly redis: TestServer,
    readonly bus: Bus,
    readonly store: Store,
    readonly lb: FakeLoadBalancer,
  ) {}

  /** @param natsConfig text for nats-server's configuration file */
  static async start(natsConfig = ''): Promise<World> {
    const [nats, redis] = await Promise.all([
      startNats({ config: natsConfig }),
      startRedis({ appendfsync: 'always' }),
    ]);
    const bus = await connectBus({ servers: nats.url, name: 'test' });
    const store = await Store.connect({ url: redis.url, name: 'test', onFault: () => undefined });
    return new World(nats, redis, bus, store, new FakeLoadBalancer(bus));
  }

  get env(): Record<string, string> {
    return {
      NATS_URL: this.nats.url,
      REDIS_URL: this.redis.url,
      SHARDS: String(SHARDS),
      SHARD_LEASE_MS: '1000',
      SHARD_LEASE_RENEW_MS: '250',
      HEARTBEAT_MS: '100',
      ATTEMPT_LEASE_MS: '2000',
      // Every placement is one that the test's load-balancer has been asked for.
      SLOT_KEPT_MS: '0',
      REGION_TIMEOUT_MS: '3000',
    };
  }

  async replica(env: Record<string, string> = {}): Promise<Replica> {
    const replica = await Replica.start({ ...this.env, ...env });
    this.replicas.push(replica);
    return replica;
  }

  /** A replica whose ways to the servers can be cut. */
  async cuttableReplica(env: Record<string, string> = {}): Promise<Replica> {
    const [nats, redis] = await Promise.all([startTcpProxy(this.nats.port), startTcpProxy(this.redis.port)]);
    const urls = {
      NATS_URL: `nats://127.0.0.1:${nats.port}`,
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    };
    const replica = await Replica.start({ ...this.env, ...urls, ...env }, { nats, redis });
    this.replicas.push(replica);
    return replica;
  }

  /** Begins and is offered to the load-balancer once the region's coordinator knows it. */
  async swarm(
    id: string,
    agent: Agent = (attempt) => ({ output: attempt.input }),
    given: { region?: string; slots?: number; types?: string[] } = {},
  ): Promise<FakeSwarm> {
    const { region = 'eu-west', slots = 100, types = ['*'] } = given;
    const swarm = new FakeSwarm(this.bus, id, region, agent).start();
    this.swarms.push(swarm);
    await this.bus.rttMs();
    this.lb.offer(id, region, slots, types);
    return swarm;
  }

  /** Ends the swarms of a test, so that those of the next are alone. */
  async dismissSwarms(): Promise<void> {
    for (const swarm of this.swarms.splice(0)) {
      swarm.crash();
      this.lb.withdraw(swarm.id);
    }
    await this.bus.rttMs();
  }

  /** Every key of Redis, sorted. */
  async keys(): Promise<string[]> {
    return (await this.store.redis.keys('*')).sort();
  }

  /** All that was reserved came back once. */
  async allSlotsBack(): Promise<void> {
    await eventually(() => this.lb.open.size === 0, {
      describe: () => `all reservations coming back, open: ${JSON.stringify([...this.lb.open])}`,
    });
    if (this.lb.unknownReports.length > 0)
      throw new Error(`given back twice: ${JSON.stringify(this.lb.unknownReports)}`);
  }

  async stop(): Promise<void> {
    this.swarms.forEach((swarm) => swarm.crash());
    await Promise.all(this.replicas.splice(0).map((replica) => replica.stop().catch(() => undefined)));
    this.lb.stop();
    await this.bus.close();
    await this.store.close();
    await Promise.all([this.nats.stop(), this.redis.stop()]);
  }
}

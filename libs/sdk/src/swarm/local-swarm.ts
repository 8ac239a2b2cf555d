import { connectBus, type Bus, type Listening } from '@multiswarm/bus';
import {
  ControlRequest,
  Dismissal,
  MultiswarmError,
  subjects,
  type ControlReply,
  type Heartbeat,
  type Resources,
  type SwarmProfile,
} from '@multiswarm/contracts';
import { systemClock, systemIds, systemRandom, type Clock, type Ids, type Random } from '@multiswarm/core';
import { createLogger, type Logger } from '@multiswarm/telemetry';
import { z } from 'zod';
import { definitionOf, type TaskOrType } from '../define-task';
import { stayAlive } from '../stay-alive';
import { Admission, type Closure } from './admission';
import type { Registration } from './attempt';
import { Attempts } from './attempts';
import { Messages } from './messages/messages';
import { AttemptPayloads } from './payloads';
import { profileOf } from './profile';
import { Pulse } from './pulse';
import { StepAdder } from './step-adder';
import { StreamRoom } from './stream-room';
import { Reporter } from './reporter';
import { Sharing } from './sharing/sharing';
import type { SwarmTopics } from './topics/types';
import type {
  BarriersClient,
  DirectoryClient,
  LeasesClient,
  OffersClient,
  ProposalsClient,
  SharedStateClient,
} from './sharing/types';
import { drainOnSignals } from './signals';
import type { Swarm, SwarmOptions, SwarmState, TaskHandler } from './types';
import { QuickDispatchRequest } from './wire';

const DEFAULTS = { heartbeatMs: 2_000, drainMs: 30_000, graceMs: 5_000, flushMs: 5_000 } as const;
const DEFAULT_SERVERS = 'nats://127.0.0.1:4222';

/** What exists from start to stop. */
interface Session {
  bus: Bus;
  instance: string;
  profile: Omit<SwarmProfile, 'types'>;
  attempts: Attempts;
  reporter: Reporter;
  said: StreamRoom;
  listening: Listening[];
  releases: (() => void)[];
}

/** A swarm in this process. Who may run is decided in `admission.ts`; what one attempt does is in `attempt.ts`. */
export class LocalSwarm implements Swarm {
  readonly id: string;
  readonly region: string;
  readonly messages: Messages;
  private readonly sharing: Sharing;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly ids: Ids;
  private readonly log: Logger;
  private readonly admission: Admission;
  private readonly pulse: Pulse;
  private readonly registrations = new Map<string, Registration>();
  private readonly listeners = new Set<(state: SwarmState) => void>();
  private current: SwarmState = 'created';
  private session: Session | undefined;
  private draining: Promise<void> | undefined;
  private seq = 0;
  private dismissal: string | undefined;

  constructor(private readonly options: SwarmOptions) {
    this.id = options.id;
    this.region = options.region;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.ids = options.ids ?? systemIds;
    const logger = options.logger ?? createLogger({ service: 'swarm', level: 'info' });
    this.log = logger.child({ swarmId: options.id, region: options.region });
    this.admission = new Admission({ slots: options.slots, resources: options.resources ?? {} });
    const { clock, random, log } = this;
    this.pulse = new Pulse({
      intervalMs: options.heartbeatMs ?? DEFAULTS.heartbeatMs,
      clock,
      random,
      beat: () => this.heartbeat(),
      held: () => this.admission.heldAttempts,
    });
    this.messages = new Messages({
      swarmId: options.id,
      namespace: options.namespace ?? 'default',
      messageTimeoutMs: options.messageTimeoutMs,
      topics: () => this.topics,
      clock,
      ids: this.ids,
      log,
    });
    this.sharing = new Sharing({
      ...{ swarmId: options.id, region: options.region, namespace: options.namespace ?? 'default' },
      ...{ clock, random, log, ids: this.ids, resources: options.resources ?? {} },
      messages: this.messages,
      onResources: (resources) => this.resized(resources),
    });
  }

  get offers(): OffersClient {
    return this.sharing.offers;
  }

  get leases(): LeasesClient {
    return this.sharing.leases;
  }

  get proposals(): ProposalsClient {
    return this.sharing.proposals;
  }

  get barriers(): BarriersClient {
    return this.sharing.barriers;
  }

  get sharedState(): SharedStateClient {
    return this.sharing.sharedState;
  }

  get directory(): DirectoryClient {
    return this.sharing.directory;
  }

  get topics(): SwarmTopics {
    return this.sharing.topics;
  }

  get dismissed(): string | undefined {
    return this.dismissal;
  }

  get state(): SwarmState {
    return this.current;
  }

  handle(task: TaskOrType<z.ZodType, z.ZodType>, handler: TaskHandler<never>): this {
    const { type, input, output } = definitionOf(task);
    if (this.registrations.has(type)) {
      throw new MultiswarmError(
        'invalid-configuration',
        `the swarm ${this.id} has a handler for "${type}" already`,
      );
    }
    this.registrations.set(type, { ...(input ? { input } : {}), ...(output ? { output } : {}), handler });
    this.pulse.soon();
    return this;
  }

  async start(): Promise<void> {
    if (this.current !== 'created')
      throw new MultiswarmError('invalid-configuration', `the swarm ${this.id} was started already`);
    const { types, ...profile } = profileOf(this.options, this.types());
    const bus = this.options.bus ?? (await this.connect());
    this.session = this.open(bus, profile);
    // A round trip: the server knows the subscriptions once this resolves. Lost meanwhile, the client subscribes again by itself.
    await bus.rttMs().catch(() => undefined);
    this.log.info('swarm started', { types, slots: profile.slots });
    this.enter('ready');
    this.pulse.start();
  }

  drain(): Promise<void> {
    return this.drainWithin(this.options.drainMs ?? DEFAULTS.drainMs);
  }

  async stop(): Promise<void> {
    this.session?.attempts.abortAll('shutdown', 'the swarm is stopping');
    await this.drainWithin(0);
    const session = this.session;
    if (!session) return;
    this.session = undefined;
    this.heartbeat(session, 'stopped');
    this.pulse.stop();
    await this.messages.close();
    await this.sharing.close();
    session.reporter.close();
    session.said.stop();
    for (const subscription of session.listening) subscription.stop();
    if (!this.options.bus) await session.bus.close();
    for (const release of session.releases) release();
    this.enter('stopped');
  }

  onStateChange(listener: (state: SwarmState) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private async drainWithin(ms: number): Promise<void> {
    if (!this.session) return;
    this.draining ??= this.runDown(this.session, ms);
    await this.draining;
  }

  private async runDown({ attempts, reporter, bus }: Session, ms: number): Promise<void> {
    this.admission.drain();
    this.enter('draining');
    this.pulse.now();
    if (!(await attempts.settled(ms))) {
      attempts.abortAll('shutdown', `the swarm is stopping, and the attempt did not finish within ${ms} ms`);
      // Ends by itself: an attempt that is aborted has an outcome after its grace.
      await attempts.settled(Number.POSITIVE_INFINITY);
    }
    const flushMs = this.options.flushMs ?? DEFAULTS.flushMs;
    if (!(await reporter.flushed(flushMs))) {
      const detail = { unacknowledged: reporter.unacknowledged, connected: bus.connected };
      this.log.warn(
        'some attempts could not be reported; they run again elsewhere when their leases end',
        detail,
      );
    }
  }

  private connect(): Promise<Bus> {
    const { options, clock, ids, log } = this;
    const onFault = (error: unknown, subject: string): void =>
      log.warn('a message could not be handled', { error, subject });
    return connectBus({
      servers: options.servers ?? DEFAULT_SERVERS,
      name: `swarm ${this.id}`,
      onFault,
      clock,
      ids,
    });
  }

  private open(bus: Bus, profile: Session['profile']): Session {
    const { clock, random, log, admission, id, region } = this;
    const onAcknowledged = (ref: Parameters<Admission['acknowledged']>[0]): void => {
      admission.acknowledged(ref);
      this.pulse.soon();
    };
    const instance = this.ids.next();
    const reporter: Reporter = new Reporter({
      ...{ bus, swarmId: id, region, instance, clock, random, log, onAcknowledged },
      freeSlots: () => admission.freeSlots,
      onFetched: (requests) => attempts.fetched(requests),
    });
    const said = new StreamRoom();
    const payloads = new AttemptPayloads({ bus, clock, random, ids: this.ids });
    const attempts: Attempts = new Attempts({
      instance,
      admission,
      reporter,
      environment: {
        swarm: { id, region },
        clock,
        log,
        graceMs: this.options.graceMs ?? DEFAULTS.graceMs,
        messages: this.messages,
        payloads,
        stream: { bus, clock, random, log, room: said },
        adder: new StepAdder({ bus, clock, random, payloads }),
      },
      registrationFor: (type) => this.registrations.get(type) ?? this.registrations.get('*'),
      onChange: () => this.pulse.soon(),
    });
    const listening = [
      bus.respond(subjects.swarmTasks(id), { request: QuickDispatchRequest }, async (request) =>
        attempts.dispatch(request),
      ),
      bus.respond(subjects.swarmControl(id), { request: ControlRequest }, async (request) =>
        this.control(request, attempts),
      ),
      bus.subscribe(subjects.census(), { schema: z.unknown() }, () => this.pulse.now()),
      bus.subscribe(subjects.swarmDismissed(id), { schema: Dismissal }, (dismissal) =>
        this.onDismissed(dismissal),
      ),
    ];
    bus.onDisconnect(() => {
      if (this.session)
        this.log.warn('the connection to NATS is lost: what runs goes on, reports are kept and sent later');
    });
    bus.onReconnect(() => {
      this.log.info('connected to NATS again');
      this.pulse.now();
      reporter.wake();
    });
    this.messages.open(bus, instance);
    this.sharing.open(bus);
    const releases = [stayAlive()];
    if (this.options.handleSignals ?? true) releases.push(drainOnSignals(this));
    return { bus, instance, profile, attempts, reporter, said, listening, releases };
  }

  /** The region has no room for it, or another process runs under its id: it must not go on as if it belonged. */
  private onDismissed({ instance, reason }: Dismissal): void {
    if (instance !== this.session?.instance || this.dismissal !== undefined) return;
    this.dismissal = reason;
    this.log.error('this swarm is not admitted', { reason });
    void this.stop();
  }

  /** What a coordinator or an operator tells this swarm, beside the attempts that it gets. */
  private control(request: ControlRequest, attempts: Attempts): ControlReply {
    switch (request.kind) {
      case 'cancel':
        attempts.cancel(request);
        break;
      case 'signal':
        attempts.signal(request);
        break;
      case 'cordon':
        this.closeFor('cordoned', request.reason);
        break;
      case 'drain':
        this.closeFor('draining', request.reason);
        break;
      case 'uncordon':
        this.reopen(request.reason);
        break;
    }
    return attempts.controlled();
  }

  /** Takes nothing new until it is reopened; what runs goes on. */
  private closeFor(closure: Closure, reason: string): void {
    this.admission.close(closure);
    if (this.draining) return;
    this.log.info(`the swarm is ${closure}: it takes nothing new`, { reason });
    this.enter(closure);
    this.pulse.now();
  }

  /** A swarm that is on its way to its end stays so. */
  private reopen(reason: string): void {
    this.admission.reopen();
    if (this.draining) return;
    this.log.info('the swarm takes work again', { reason });
    this.enter('ready');
    this.pulse.now();
  }

  /** It lends or borrows. What runs goes on, also where there is less than it occupies. */
  private resized(resources: Resources): void {
    this.admission.resize(resources);
    if (this.session) this.session.profile = { ...this.session.profile, resources };
    this.pulse.soon();
  }

  private types(): string[] {
    return [...(this.options.types ?? this.registrations.keys())];
  }

  private heartbeat(
    session = this.session,
    state: Heartbeat['state'] = this.current === 'created' ? 'ready' : this.current,
  ): void {
    // While disconnected there is nobody to tell; the next one goes out with the reconnect.
    if (!session?.bus.connected) return;
    const beat: Heartbeat = {
      ...session.profile,
      types: this.types(),
      v: 1,
      instance: session.instance,
      seq: this.seq++,
      sentAt: this.clock.now(),
      intervalMs: this.options.heartbeatMs ?? DEFAULTS.heartbeatMs,
      state,
      held: this.admission.held,
      resourcesUsed: this.admission.resourcesUsed,
    };
    try {
      session.bus.publish(subjects.swarmHeartbeat(this.id), beat);
    } catch (error) {
      this.log.warn('a heartbeat could not be sent', { error });
    }
  }

  private enter(state: SwarmState): void {
    if (this.current === state) return;
    this.current = state;
    for (const listener of [...this.listeners]) listener(state);
  }
}

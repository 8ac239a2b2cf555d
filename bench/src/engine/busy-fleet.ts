import type { Heartbeat, LbReport, PlaceItem } from '@multiswarm/contracts';
import { Fifo, randomInteger, seededRandom, type Random } from '@multiswarm/core';
import { intervalOf, type Shape } from './shape';

type Outcome = LbReport['outcomes'][number];

const REGIONS = 4;
/** Of swarms, by their label. */
const SWARM_CLASSES = 8;
const CAPABILITIES = 6;
/** Share of the swarms that have a capability. */
const CAPABLE = 3 / 4;
const MOST_SLOTS = 8;
/** Share of the slots that attempts run in, all the time. */
const BUSY = 0.7;
const TYPES = 4;
const FAILED = 0.02;
const NAMESPACE = 'default';

interface Attempt {
  readonly host: Host;
  readonly reservationId: string;
  readonly taskId: string;
  readonly type: string;
}

interface Host {
  readonly number: number;
  readonly said: Omit<Heartbeat, 'seq' | 'held'>;
  /** As a heartbeat lists them. */
  readonly held: Heartbeat['held'];
  seq: number;
  /** How many times as long as on others attempts take. */
  readonly pace: number;
}

/**
 * A fleet that is busy all the time, as its heartbeats and outcomes tell: slots 1 to 8, four regions, eight classes of swarms that differ
 * in speed, and six capabilities, of which each swarm has three quarters. A class of work asks for some of them, so that most swarms
 * are in many classes. Whatever is placed begins at once, and ends in the order in which it began.
 */
export class BusyFleet {
  private readonly hosts: Host[];
  private readonly byName = new Map<string, Host>();
  private readonly running = new Fifo<Attempt>();
  private readonly most: number;
  private readonly random: Random;
  private readonly items: readonly Omit<PlaceItem, 'key'>[];
  private tasks = 0;
  private turn = 0;

  constructor({ endpoints, classes, wishes }: Shape) {
    this.random = seededRandom(endpoints * 1_000 + classes);
    this.hosts = Array.from({ length: endpoints }, (_, number) => this.host(number, intervalOf(endpoints)));
    for (const host of this.hosts) this.byName.set(host.said.swarmId, host);
    this.items = Array.from({ length: classes }, (_, number) => itemOf(number, wishes));
    // What was running before, others have placed.
    for (const host of this.hosts)
      for (let slot = 0; slot < Math.floor(host.said.slots * BUSY); slot += 1)
        this.begin(host.said.swarmId, this.nextTask(), '', 'type-0');
    this.most = this.running.size;
  }

  *heartbeats(): Iterable<Heartbeat> {
    for (const host of this.hosts) yield this.heartbeatOf(host);
  }

  /** The next swarm's, in turn. */
  heartbeat(): Heartbeat {
    const host = this.hosts[this.turn] as Host;
    this.turn = (this.turn + 1) % this.hosts.length;
    return this.heartbeatOf(host);
  }

  /** What is to be placed next: all classes in random order. */
  wanted(): PlaceItem {
    const item = this.items[randomInteger(this.random, this.items.length)] as Omit<PlaceItem, 'key'>;
    return { ...item, key: this.nextTask() };
  }

  begin(swarmId: string, taskId: string, reservationId: string, type: string): void {
    const host = this.byName.get(swarmId);
    if (host === undefined) throw new Error(`nobody is called ${swarmId}`);
    host.held.push({ taskId, attempt: 1 });
    this.running.push({ host, reservationId, taskId, type });
  }

  /** How the one that began first has ended, while more are running than there should be. */
  outcome(): Outcome | undefined {
    if (this.running.size <= this.most) return undefined;
    const ended = this.running.shift();
    if (ended === undefined) return undefined;
    const { host, reservationId, taskId, type } = ended;
    host.held.splice(
      host.held.findIndex((held) => held.taskId === taskId),
      1,
    );
    const outcome = this.random.next() < FAILED ? 'failed' : 'succeeded';
    const durationMs = Math.round(1_000 * host.pace * Math.exp(this.random.next() - 0.5));
    return { reservationId, swarmId: host.said.swarmId, taskId, attempt: 1, outcome, type, durationMs };
  }

  private heartbeatOf(host: Host): Heartbeat {
    host.seq += 1;
    return { ...host.said, seq: host.seq, held: [...host.held] };
  }

  private nextTask(): string {
    this.tasks += 1;
    return `t${this.tasks % 16}-${String(this.tasks).padStart(32, '0')}`;
  }

  private host(number: number, intervalMs: number): Host {
    const swarmClass = randomInteger(this.random, SWARM_CLASSES);
    const capabilities = NAMES.filter(() => this.random.next() < CAPABLE);
    const said: Host['said'] = {
      ...{ v: 1, swarmId: `swarm-${number}`, region: `region-${number % REGIONS}`, instance: 'i' },
      ...{ slots: 1 + randomInteger(this.random, MOST_SLOTS), types: ['*'], capabilities },
      ...{ labels: { class: `class-${swarmClass}` }, attributes: {}, resources: {}, resourcesUsed: {} },
      ...{ costPerHour: 1 + randomInteger(this.random, 4), state: 'ready' },
      ...{ sentAt: 0, intervalMs },
    };
    return { number, said, held: [], seq: 0, pace: 1 + swarmClass / SWARM_CLASSES };
  }
}

const NAMES = Array.from({ length: CAPABILITIES }, (_, number) => `capability-${number}`);

/** The bits of its number say which capabilities a class asks for. */
function itemOf(number: number, wishes: boolean): Omit<PlaceItem, 'key'> {
  const capabilities = NAMES.filter((_, bit) => ((number >> bit) & 1) === 1);
  return {
    ...{ classKey: String(number), attempt: 1, namespace: NAMESPACE, type: `type-${number % TYPES}` },
    requirements: capabilities.length === 0 ? {} : { capabilities },
    ...(wishes ? { routing: { near: `region-${number % REGIONS}` } } : {}),
  };
}

import type { Bus, Listening } from '@multiswarm/bus';
import {
  CapacityRequest,
  LbReport,
  PlaceRequest,
  SlotCensusRequest,
  subjects,
  type Capacity,
  type PlaceItem,
  type PlaceResult,
  type SlotCensusReply,
} from '@multiswarm/contracts';
import { placement } from './builders';

interface Place {
  region: string;
  slots: number;
  busy: number;
  types: string[];
  /** It has fallen silent: known, and given nothing. */
  isDown?: boolean;
}

/**
 * The least that makes a load-balancer: it knows the slots of the swarms that a test names, places by the first that fits,
 * and keeps a book of what it reserved. Every reservation must come back exactly once.
 */
export class FakeLoadBalancer {
  readonly swarms = new Map<string, Place>();
  /** Reservations that were given and have not come back. */
  readonly open = new Map<string, { swarmId: string; taskId: string; attempt: number }>();
  /** Reports about a reservation that was not open: given back twice, or never given. */
  readonly unknownReports: LbReport['outcomes'] = [];
  readonly outcomes: LbReport['outcomes'] = [];
  readonly items: PlaceItem[] = [];
  /** It places nothing before that. */
  answersAfter: Promise<unknown> | undefined;
  /** Reservations for which the same number got another one. */
  private readonly superseded = new Set<string>();
  /** Ids of open reservations by attempt. */
  private readonly byAttempt = new Map<string, string>();
  private reservations = 0;
  private waiting = false;
  private readonly listening: Listening[];

  constructor(private readonly bus: Bus) {
    this.listening = [
      bus.respond(subjects.lbPlace(), { request: PlaceRequest }, async ({ items }) => {
        await this.answersAfter;
        return { v: 1, results: items.map((item) => this.place(item)) };
      }),
      bus.respond(subjects.lbExplain(), { request: CapacityRequest }, ({ type }) =>
        Promise.resolve({ v: 1, ...this.capacity(type) }),
      ),
      bus.respond(subjects.lbCensus(), { request: SlotCensusRequest }, (asked) =>
        Promise.resolve(this.census(asked)),
      ),
      bus.subscribe(subjects.lbReport(), { schema: LbReport }, ({ outcomes }) => this.report(outcomes)),
    ];
  }

  offer(swarmId: string, region: string, slots: number, types = ['*']): void {
    this.swarms.set(swarmId, { region, slots, busy: 0, types });
    this.announce(swarmId, region, slots, 'joined');
  }

  /** As the load-balancer sees a swarm that misses its heartbeats. */
  lose(swarmId: string): void {
    const swarm = this.swarms.get(swarmId);
    if (swarm) swarm.isDown = true;
  }

  /** A reservation of which nobody tells the end. */
  leak(swarmId: string, taskId: string, attempt: number): void {
    const swarm = this.swarms.get(swarmId);
    if (swarm) swarm.busy += 1;
    this.reserve(`leaked-${taskId}`, { swarmId, taskId, attempt });
  }

  withdraw(swarmId: string): void {
    this.swarms.delete(swarmId);
  }

  stop(): void {
    this.listening.forEach((each) => each.stop());
  }

  private place(item: PlaceItem): PlaceResult {
    this.items.push(item);
    this.supersede(item);
    const fit = [...this.swarms].filter(([, each]) => !each.isDown && handles(each, item.type));
    const withRoom = fit.filter(([, each]) => each.busy < each.slots);
    // To avoid is a wish: where only the avoided one has room, it gets the task.
    const free = withRoom.find(([id]) => !item.avoid?.includes(id)) ?? withRoom[0];
    if (!free) {
      this.waiting = true;
      return { key: item.key, waiting: this.reason(item, fit.length > 0) };
    }
    const [swarmId, swarm] = free;
    swarm.busy += 1;
    const reservationId = `r${(this.reservations += 1)}`;
    this.reserve(reservationId, { swarmId, taskId: item.key, attempt: item.attempt });
    const { region } = swarm;
    return { key: item.key, placement: placement({ swarmId, region, reservationId, costPerSlotHour: 3.6 }) };
  }

  private census({ shard, after, swarms }: SlotCensusRequest): SlotCensusReply {
    const counted = after === undefined ? [...this.open.values()] : [];
    return {
      v: 1,
      attempts: counted
        .filter(({ taskId }) => taskId.startsWith(`t${shard}-`))
        .map((each) => ({
          ...each,
          region: this.swarms.get(each.swarmId)?.region ?? 'gone',
          isReserved: true,
        })),
      heard: swarms.filter((id) => this.swarms.has(id)),
      next: null,
    };
  }

  private capacity(type: string): Capacity {
    const all = [...this.swarms].map(([swarmId, each]) => ({ swarmId, ...each }));
    const fit = all.filter((each) => !each.isDown && handles(each, type));
    const none = fit.length === 0 ? all : [];
    return {
      known: all.length,
      feasible: fit.length,
      slots: fit.reduce((sum, { slots }) => sum + slots, 0),
      busySlots: fit.reduce((sum, { busy }) => sum + busy, 0),
      withRoom: fit.filter(({ busy, slots }) => busy < slots).length,
      swarms: fit.map(({ swarmId, region, slots, busy }) => ({
        ...{ swarmId, region, slots, busySlots: busy, state: 'ready' as const },
      })),
      nearest: none.map((each) => ({
        ...{ swarmId: each.swarmId, region: each.region, state: each.isDown ? 'down' : 'ready' },
        lacks: handles(each, type) ? [] : [`type "${type}"`],
      })),
      regions: none
        .filter((each) => handles(each, type))
        .map(({ region, isDown }) => ({
          ...{ region, swarms: 1, live: isDown ? 0 : 1, lastSeen: new Date().toISOString() },
        })),
    };
  }

  /** One reservation for one number: a coordinator that sends it elsewhere has the first one replaced. */
  private supersede({ key, attempt }: PlaceItem): void {
    const id = this.byAttempt.get(`${key}#${attempt}`);
    const open = this.open.get(id ?? '');
    if (id === undefined || !open) return;
    this.superseded.add(id);
    this.free(id, open);
  }

  private reserve(id: string, held: { swarmId: string; taskId: string; attempt: number }): void {
    this.open.set(id, held);
    this.byAttempt.set(`${held.taskId}#${held.attempt}`, id);
  }

  private reason(item: PlaceItem, fits: boolean): NonNullable<PlaceResult['waiting']> {
    const since = new Date().toISOString();
    if (fits) return { reason: 'no-slot', since, detail: 'all slots are busy', unmet: [] };
    const unmet = [
      { rule: 'type' as const, count: this.swarms.size, detail: `type "${item.type}"`, examples: [] },
    ];
    return { reason: 'no-swarm', since, detail: `nobody handles "${item.type}"`, unmet };
  }

  private report(outcomes: LbReport['outcomes']): void {
    for (const outcome of outcomes) {
      this.outcomes.push(outcome);
      const [id, open] = this.reservationOf(outcome) ?? [];
      if (id === undefined || !open) {
        if (!this.superseded.delete(outcome.reservationId)) this.unknownReports.push(outcome);
      } else if (outcome.next) this.reserve(id, { swarmId: open.swarmId, ...outcome.next });
      else this.free(id, open);
    }
  }

  /** By its id, or by the attempt where the coordinator has sent that elsewhere. */
  private reservationOf({ reservationId, swarmId, taskId, attempt }: LbReport['outcomes'][number]) {
    const id = this.open.has(reservationId) ? reservationId : this.byAttempt.get(`${taskId}#${attempt}`);
    const open = this.open.get(id ?? '');
    return id === undefined || open?.swarmId !== swarmId ? undefined : ([id, open] as const);
  }

  private free(
    id: string,
    { swarmId, taskId, attempt }: { swarmId: string; taskId: string; attempt: number },
  ): void {
    this.open.delete(id);
    if (this.byAttempt.get(`${taskId}#${attempt}`) === id) this.byAttempt.delete(`${taskId}#${attempt}`);
    const swarm = this.swarms.get(swarmId);
    if (!swarm) return;
    swarm.busy -= 1;
    if (this.waiting) this.announce(swarmId, swarm.region, swarm.slots - swarm.busy, 'freed');
  }

  private announce(swarmId: string, region: string, freeSlots: number, reason: 'joined' | 'freed'): void {
    this.waiting = false;
    if (this.bus.connected)
      this.bus.publish(subjects.lbCapacity(), { v: 1, swarmId, region, freeSlots, reason });
  }
}

function handles({ types }: Place, type: string): boolean {
  return types.includes('*') || types.includes(type);
}

import { MultiswarmError, type Heartbeat, type Swarm } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { Cordon, CordonStore, Swarms } from '../ports';

export interface CordonOptions {
  region: string;
  epoch: number;
  /** Cordons that are kept; beyond it the oldest of swarms that are not there are forgotten. */
  most: number;
}

export interface CordonParts {
  store: CordonStore;
  swarms: Swarms;
  clock: Clock;
  logger: Logger;
  /** Whether the swarm is there. */
  isThere: (swarmId: string) => boolean;
  /** As it is remembered. */
  seen: (swarmId: string) => Swarm | undefined;
}

/** What a swarm says of itself once it does what is wanted of it. */
const STATES = { cordon: 'cordoned', drain: 'draining', uncordon: 'ready' } as const;

/**
 * What operators want of the swarms of one region.
 *
 * K1. It is stored, under the epoch of the region, before it is answered; so it survives the coordinator and the swarm.
 * K2. A swarm is told again, one message at a time, as long as its heartbeats say otherwise: messages get lost, and a swarm
 *     that starts anew knows of nothing.
 * K3. An end of a cordon stands until a heartbeat shows that it has arrived; then nothing is wanted of the swarm any more.
 */
export class Cordons {
  private wanted = new Map<string, Cordon>();
  private readonly telling = new Set<string>();
  /** Swarms of which a new wish is being stored: the end of the one before must not be stored after it. */
  private readonly storing = new Map<string, number>();
  private loading: Promise<void> | undefined;
  private loaded = false;

  constructor(
    private readonly options: CordonOptions,
    private readonly parts: CordonParts,
  ) {}

  /** Reads what was wanted before this coordinator; where Redis does not answer, the next call tries again. */
  async load(): Promise<void> {
    if (this.loaded) return;
    this.loading ??= this.read().finally(() => (this.loading = undefined));
    await this.loading;
  }

  /** Whether the swarm shall get nothing new. */
  blocks(swarmId: string): boolean {
    const kind = this.wanted.get(swarmId)?.kind;
    return kind === 'cordon' || kind === 'drain';
  }

  isWanted(swarmId: string): boolean {
    return this.wanted.has(swarmId);
  }

  /** @throws MultiswarmError retryable, when it could not be stored */
  async want(swarmId: string, kind: Cordon['kind'], reason: string): Promise<void> {
    await this.load();
    const { region } = this.options;
    const seen = this.parts.seen(swarmId);
    const swarm = seen ? { ...seen, held: [] } : this.wanted.get(swarmId)?.swarm;
    const cordon = { swarmId, kind, reason, at: this.parts.clock.now(), swarm };
    await this.makeRoom(swarmId);
    await this.keep(cordon);
    this.parts.logger.info('operator wants of a swarm', { swarmId, region, kind, reason });
    await this.tell(cordon);
  }

  heard({ swarmId, state }: Heartbeat): void {
    const cordon = this.wanted.get(swarmId);
    if (!cordon || state === 'stopped') return;
    if (state !== STATES[cordon.kind])
      void this.tell(cordon); // K2
    else if (cordon.kind === 'uncordon' && !this.storing.has(swarmId)) this.forget(cordon); // K3
  }

  /** K1. */
  private async keep(cordon: Cordon): Promise<void> {
    const { region, epoch } = this.options;
    const { swarmId } = cordon;
    this.storing.set(swarmId, (this.storing.get(swarmId) ?? 0) + 1);
    try {
      if (!(await this.parts.store.put(region, epoch, cordon)))
        throw new MultiswarmError('stale-epoch', `region ${region} has a newer coordinator`);
      this.wanted.set(swarmId, cordon);
    } finally {
      const others = (this.storing.get(swarmId) ?? 1) - 1;
      if (others > 0) this.storing.set(swarmId, others);
      else this.storing.delete(swarmId);
    }
  }

  private async read(): Promise<void> {
    for (const cordon of await this.parts.store.load(this.options.region))
      this.wanted.set(cordon.swarmId, cordon);
    this.loaded = true;
  }

  private async tell(cordon: Cordon): Promise<void> {
    const { swarmId, kind, reason } = cordon;
    if (this.telling.has(swarmId)) return;
    this.telling.add(swarmId);
    try {
      await this.parts.swarms.control(swarmId, { v: 1, kind, reason });
    } catch (error) {
      this.parts.logger.warn('a swarm was not told yet what is wanted of it', { swarmId, kind, error });
    } finally {
      this.telling.delete(swarmId);
    }
  }

  private forget(cordon: Cordon): void {
    this.wanted.delete(cordon.swarmId);
    void this.remove([cordon.swarmId]).catch((error: unknown) => {
      // Wanted once more: the next heartbeat tries again.
      if (!this.wanted.has(cordon.swarmId)) this.wanted.set(cordon.swarmId, cordon);
      this.parts.logger.warn('the end of a cordon was not stored yet', { swarmId: cordon.swarmId, error });
    });
  }

  private async makeRoom(swarmId: string): Promise<void> {
    const over = this.wanted.size + 1 - this.options.most;
    if (over <= 0 || this.wanted.has(swarmId)) return;
    const gone = [...this.wanted.values()]
      .filter((cordon) => !this.parts.isThere(cordon.swarmId))
      .sort((a, b) => a.at - b.at)
      .slice(0, over)
      .map((cordon) => cordon.swarmId);
    if (gone.length === 0) return;
    await this.remove(gone);
    for (const each of gone) this.wanted.delete(each);
  }

  private async remove(swarmIds: string[]): Promise<void> {
    const { region, epoch } = this.options;
    await this.parts.store.remove(region, epoch, swarmIds);
  }
}

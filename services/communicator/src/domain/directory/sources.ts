import { LIMITS, type Heartbeat } from '@multiswarm/contracts';
import type { PresenceState } from '../presence';
import type { Views } from './changes';
import { entryOf, type Advertised, type Present } from './entry';

/** An advertisement as it is stored. */
export interface AdvertisementRecord extends Advertised {
  namespace: string;
  swarmId: string;
  withdrawn: boolean;
}

interface Known {
  record: AdvertisementRecord;
  revision: number;
}

/**
 * What was heard and stored of each swarm, of which the views of namespaces are made.
 *
 * O1. Of an advertisement the latest revision counts, in whichever order they come; one that was withdrawn is known until its time is
 *     over, so that an earlier revision does not bring it back.
 */
export class Sources {
  private readonly beats = new Map<string, Present>();
  private readonly advertised = new Map<string, Map<string, Known>>();
  private readonly counts = new Map<string, number>();

  /** Swarms with heartbeats. */
  present(): string[] {
    return [...this.beats.keys()];
  }

  isPresent(swarmId: string): boolean {
    return this.beats.has(swarmId);
  }

  /** Advertisements whose time is over. */
  expired(nowMs: number): AdvertisementRecord[] {
    const found: AdvertisementRecord[] = [];
    for (const byNamespace of this.advertised.values())
      for (const { record } of byNamespace.values()) if (record.expiresAt <= nowMs) found.push(record);
    return found;
  }

  /** How many a namespace has. */
  count(namespace: string): number {
    return this.counts.get(namespace) ?? 0;
  }

  find(namespace: string, swarmId: string): AdvertisementRecord | undefined {
    const record = this.advertised.get(swarmId)?.get(namespace)?.record;
    return record?.withdrawn === true ? undefined : record;
  }

  /** @returns whether it says something else than before */
  heard(beat: Heartbeat): boolean {
    const facts = presentOf(beat);
    const before = this.beats.get(beat.swarmId);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(facts)) return false;
    this.beats.set(beat.swarmId, facts);
    return true;
  }

  /** @param state what its silence says now @returns whether that is something else */
  judge(swarmId: string, state: PresenceState | undefined): boolean {
    const facts = this.beats.get(swarmId);
    if (facts === undefined || facts.state === state) return false;
    if (state === undefined || state === 'down') this.beats.delete(swarmId);
    else this.beats.set(swarmId, { ...facts, state });
    return true;
  }

  /** @returns false where something later is known */
  stored(record: AdvertisementRecord, revision: number): boolean {
    const { swarmId, namespace } = record;
    const byNamespace = this.advertised.get(swarmId) ?? new Map<string, Known>();
    const known = byNamespace.get(namespace);
    if (known !== undefined && known.revision >= revision) return false;
    if (known === undefined) this.counts.set(namespace, this.count(namespace) + 1);
    this.advertised.set(swarmId, byNamespace.set(namespace, { record, revision }));
    return true;
  }

  drop({ swarmId, namespace }: AdvertisementRecord): void {
    const byNamespace = this.advertised.get(swarmId);
    if (byNamespace?.delete(namespace) !== true) return;
    if (byNamespace.size === 0) this.advertised.delete(swarmId);
    const left = this.count(namespace) - 1;
    if (left === 0) this.counts.delete(namespace);
    else this.counts.set(namespace, left);
  }

  /** Undefined where nothing is known of it. */
  views(swarmId: string): Views | undefined {
    const present = this.beats.get(swarmId);
    const common = entryOf(swarmId, present, undefined);
    const own = [...(this.advertised.get(swarmId) ?? [])].flatMap(([namespace, { record }]) => {
      const entry = record.withdrawn ? undefined : entryOf(swarmId, present, record);
      return entry === undefined ? [] : [[namespace, entry] as const];
    });
    return common === undefined && own.length === 0 ? undefined : { common, byNamespace: new Map(own) };
  }
}

/** Attributes that are too large for an entry are left out: a heartbeat may have much more than fits an answer. */
function presentOf({ held, slots, costPerHour, state, ...beat }: Heartbeat): Present {
  const isLarge = JSON.stringify(beat.attributes).length > LIMITS.ADVERTISEMENT_BYTES;
  return {
    ...{ region: beat.region, capabilities: beat.capabilities, slots },
    attributes: isLarge ? {} : beat.attributes,
    state: state === 'stopped' ? 'draining' : state,
    load: Math.min(1, held.length / slots),
    costPerSlotHour: costPerHour / slots,
  };
}

import type { Bus } from '@multiswarm/bus';
import { TopicsOfSwarm } from '../topics/swarm-topics';
import type { Resources } from '@multiswarm/contracts';
import { barriersOf, proposalsOf } from './agreements';
import { SwarmDirectory } from './directory';
import { Door, type DoorOptions } from './door';
import { SwarmLeases } from './leases';
import { LentResources } from './lent';
import { SwarmOffers } from './offers';
import { ResourcePool } from './pool';
import { sharedStateOf } from './shared-state';
import type { SwarmMessages } from '../types';
import type { BarriersClient, ProposalsClient, SharedStateClient } from './types';

export interface SharingOptions extends DoorOptions {
  /** What the swarm has of its own. */
  resources: Resources;
  messages: Pick<SwarmMessages, 'on'>;
  /** It has more or less now, by what it borrows and lends. */
  onResources: (resources: Resources) => void;
}

/** All that a swarm shares with others, from start to stop. */
export class Sharing {
  readonly sharedState: SharedStateClient;
  readonly topics: TopicsOfSwarm;
  readonly offers: SwarmOffers;
  readonly directory: SwarmDirectory;
  readonly leases: SwarmLeases;
  readonly proposals: ProposalsClient;
  readonly barriers: BarriersClient;
  private readonly door: Door;
  private readonly lent: LentResources;

  constructor({ resources, onResources, messages, ...options }: SharingOptions) {
    this.door = new Door(options);
    const pool = new ResourcePool(resources, onResources);
    this.lent = new LentResources(this.door, pool);
    this.sharedState = sharedStateOf(this.door);
    this.topics = new TopicsOfSwarm(this.door, messages);
    this.offers = new SwarmOffers(this.door, pool, this.lent);
    this.leases = new SwarmLeases(this.door);
    this.directory = new SwarmDirectory(this.door);
    this.proposals = proposalsOf(this.door);
    this.barriers = barriersOf(this.door);
  }

  open(bus: Bus): void {
    this.door.open(bus);
    void this.lent.begin();
  }

  /** Releases what is held, as far as somebody answers. */
  async close(): Promise<void> {
    await Promise.all([
      this.topics.close(),
      this.offers.releaseAll(),
      this.leases.releaseAll(),
      this.directory.close(),
    ]);
    this.lent.stop();
    this.door.close();
  }
}

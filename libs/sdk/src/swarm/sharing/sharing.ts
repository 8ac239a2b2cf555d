import type { Bus } from '@multiswarm/bus';
import { TopicsOfSwarm } from '../topics/swarm-topics';
import { Door, type DoorOptions } from './door';
import { sharedStateOf } from './shared-state';
import type { SharedStateClient } from './types';

/** All that a swarm shares with others, from start to stop. */
export class Sharing {
  readonly sharedState: SharedStateClient;
  readonly topics: TopicsOfSwarm;
  private readonly door: Door;

  constructor(options: DoorOptions) {
    this.door = new Door(options);
    this.sharedState = sharedStateOf(this.door);
    this.topics = new TopicsOfSwarm(this.door);
  }

  open(bus: Bus): void {
    this.door.open(bus);
  }

  close(): void {
    this.topics.close();
    this.door.close();
  }
}

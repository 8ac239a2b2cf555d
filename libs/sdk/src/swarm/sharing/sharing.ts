import type { Bus } from '@multiswarm/bus';
import { Door, type DoorOptions } from './door';
import { sharedStateOf } from './shared-state';
import type { SharedStateClient } from './types';

/** All that a swarm shares with others, from start to stop. */
export class Sharing {
  readonly sharedState: SharedStateClient;
  private readonly door: Door;

  constructor(options: DoorOptions) {
    this.door = new Door(options);
    this.sharedState = sharedStateOf(this.door);
  }

  open(bus: Bus): void {
    this.door.open(bus);
  }

  close(): void {
    this.door.close();
  }
}

import type { AttemptRef } from '@multiswarm/contracts';
import type { Track } from './track';
import type { Fare } from './turn-order';

/** A task that a pass has taken out of the line. */
export interface Picked extends AttemptRef {
  readonly row: number;
  readonly track: Track;
  readonly shard: number;
  readonly fare: Fare;
  /** Removed, or fetched for another slot, while the pass was under way. */
  isOver: boolean;
}

import type { Clock } from '@multiswarm/core';
import type { CheckFindings } from './check-findings';
import type { OwnerInsides } from '../owner-insides';
import type { ShardStore } from '../../ports';
import type { ShardInspector } from './inspector';

/** What every part of a check works with. */
export interface CheckTools {
  readonly shard: number;
  readonly owner: OwnerInsides;
  readonly inspector: ShardInspector;
  readonly store: Pick<ShardStore, 'trimOutbox'>;
  readonly clock: Clock;
  readonly findings: CheckFindings;
  readonly repair: boolean;
  /** Lets others go first; to be called between two pieces of work. @throws where the shard is served no more */
  breathe: () => Promise<void>;
  /** Of so many records more. */
  looked: (count: number) => void;
  /** The shard is to be given up and taken anew when the check is over: memory is made from the records then. */
  reload: () => void;
}

/** Ids that are looked at together: few enough that neither Redis nor this process is busy for long. */
export const CHUNK = 200;

export function* chunks<T>(items: readonly T[], size = CHUNK): Generator<T[], void, undefined> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

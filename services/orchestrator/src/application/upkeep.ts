import type { Checks } from './check/checks';
import type { Copies } from './copy/copies';

/** What an owner does with its whole shard, for those who run the system. */
export interface Upkeep {
  checks: Pick<Checks, 'check'>;
  copies: Pick<Copies, 'serves' | 'export' | 'import' | 'recover'>;
}

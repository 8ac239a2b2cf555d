import { MultiswarmError } from '@multiswarm/contracts';
import { granted, isHeldUnder, isLive, isRepeated, renewed, type Grant, type Wish } from './grant';

export type LeaseCommand =
  | { kind: 'acquire'; wish: Wish }
  | { kind: 'renew'; holder: string; token: number }
  | { kind: 'release'; holder: string; token: number };

/** What is stored of a lease; without a grant nobody has it. */
export interface LeaseRecord {
  grant?: Grant | undefined;
}

/**
 * A lease: `(record, command, now) → record`.
 *
 * L1. At any time one holder at most has a grant that is live.
 * L2. Only the holder, under its token, renews or releases it: whoever was late finds `lease-lost`.
 * L3. A repeated wish gets the grant that it got already.
 */
export function changeLease({ grant }: LeaseRecord, command: LeaseCommand, now: number): LeaseRecord {
  if (command.kind === 'acquire') {
    if (isRepeated(grant, command.wish, now)) return { grant };
    if (isLive(grant, now)) throw held(grant, now);
    return { grant: granted(command.wish, now) };
  }
  if (!isHeldUnder(grant, command, now)) throw lost(command);
  return command.kind === 'renew' ? { grant: renewed(grant, now) } : {};
}

function held({ holder, expiresAt }: Grant, now: number): MultiswarmError {
  return new MultiswarmError(
    'lease-held',
    `"${holder}" holds it for ${expiresAt - now} ms more unless it renews it`,
  );
}

export function lost({ holder, token }: { holder: string; token: number }): MultiswarmError {
  return new MultiswarmError('lease-lost', `"${holder}" does not hold it under the token ${token} any more`);
}

import type { AcquireLease, GetLease, HeldLease, Lease } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { NEW_TOKEN } from '../domain/sharing/grant';
import { changeLease, type LeaseCommand, type LeaseRecord } from '../domain/sharing/lease';
import type { Ledger, Stored } from './ledger';

/** Leases for swarms. The token of a grant is the revision under which it was stored: it grows over all leases, for ever. */
export class Leases {
  constructor(
    private readonly ledger: Ledger<LeaseRecord>,
    private readonly clock: Clock,
  ) {}

  /** @throws MultiswarmError `lease-held` */
  acquire({ holder, claim, ttlMs, ...of }: AcquireLease): Promise<Lease> {
    return this.change(of, { kind: 'acquire', wish: { holder, claim, ttlMs } });
  }

  /** @throws MultiswarmError `lease-lost` */
  renew({ holder, token, ...of }: HeldLease): Promise<Lease> {
    return this.change(of, { kind: 'renew', holder, token });
  }

  /** @throws MultiswarmError `lease-lost` */
  release({ holder, token, ...of }: HeldLease): Promise<Lease> {
    return this.change(of, { kind: 'release', holder, token });
  }

  async get(of: GetLease): Promise<Lease> {
    return this.toLease(of.name, await this.ledger.find(keyOf(of)));
  }

  private async change(of: GetLease, command: LeaseCommand): Promise<Lease> {
    const stored = await this.ledger.change(keyOf(of), (found) =>
      changeLease(found ? withToken(found) : {}, command, this.clock.now()),
    );
    return this.toLease(of.name, stored);
  }

  private toLease(name: string, stored: Stored<LeaseRecord> | undefined): Lease {
    const grant = stored && withToken(stored).grant;
    if (!grant || this.clock.now() >= grant.expiresAt) return { name, state: 'free' };
    const { holder, token, ttlMs, expiresAt } = grant;
    return { name, state: 'held', holder, token, ttlMs, expiresAt: new Date(expiresAt).toISOString() };
  }
}

function keyOf({ namespace, name }: GetLease): string {
  return `lease.${namespace}.${name}`;
}

/** A grant that was stored as a new one has the revision of its record for a token. */
export function withToken<R extends LeaseRecord>({ record, revision }: Stored<R>): R {
  const { grant } = record;
  return grant?.token === NEW_TOKEN ? { ...record, grant: { ...grant, token: revision } } : record;
}

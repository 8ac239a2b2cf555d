import { MultiswarmError } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import fc from 'fast-check';
import { HeldLease } from './held-lease';
import type { LeaseEntry, LeaseRegister, StoredLease } from './lease-entry';
import { RegisterLeases } from './register-leases';

const KEY = 'a';
const TTL_MS = 1_000;

/** A register as a server has it: each request and each answer is on its way for as long as the test wants. */
class SlowRegister {
  stored: StoredLease | undefined;
  readonly underWay: ((arrives: boolean) => void)[] = [];
  immediate = false;
  private revision = 0;

  readonly door: LeaseRegister = {
    read: () => this.call(() => this.stored),
    write: (_key, entry, revision) => this.call(() => this.write(entry, revision)),
  };

  private write(entry: LeaseEntry, revision: number): boolean {
    if ((this.stored?.revision ?? 0) !== revision) return false;
    this.revision += 1;
    this.stored = { entry, revision: this.revision };
    return true;
  }

  private call<T>(act: () => T): Promise<T> {
    if (this.immediate) return Promise.resolve(act());
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new MultiswarmError('bus-unavailable', 'no answer'));
      this.underWay.push((asked) => {
        if (!asked) return lost();
        const answer = act();
        this.underWay.push((answered) => (answered ? resolve(answer) : lost()));
      });
    });
  }
}

/** A process with a clock of its own, which runs a little wrong and began anywhere. */
class Process {
  readonly clock: ManualClock;
  readonly leases: RegisterLeases;
  held: HeldLease | undefined;
  busy = false;

  constructor(
    readonly name: string,
    register: LeaseRegister,
    readonly rate: number,
  ) {
    this.clock = new ManualClock(1_000_000);
    this.leases = new RegisterLeases(register, this.clock);
  }

  do(what: 'acquire' | 'renew' | 'release', epochs: number[]): void {
    if (this.busy) return;
    this.busy = true;
    void this.act(what, epochs)
      .catch(() => undefined)
      .finally(() => (this.busy = false));
  }

  private async act(what: 'acquire' | 'renew' | 'release', epochs: number[]): Promise<void> {
    if (what === 'renew') return this.held?.renew();
    if (what === 'release') return this.held?.release();
    const lease = await HeldLease.acquire(this.leases, KEY, this.name, TTL_MS, this.clock);
    if (!(lease instanceof HeldLease)) return;
    epochs.push(lease.epoch);
    this.held = lease;
  }
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        who: fc.nat(1),
        what: fc.constantFrom('acquire' as const, 'acquire' as const, 'renew' as const, 'release' as const),
      }),
    },
    { weight: 2, arbitrary: fc.record({ arrives: fc.nat(5), lost: fc.nat(12).map((n) => n === 0) }) },
    { weight: 2, arbitrary: fc.record({ allArrive: fc.constant(true) }) },
    { weight: 3, arbitrary: fc.record({ ms: fc.constantFrom(1, 50, 300, 450, 550, 900, 990) }) },
    { weight: 1, arbitrary: fc.record({ told: fc.nat(1) }) },
  ),
  { minLength: 60, maxLength: 120 },
);

async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
}

test('two processes never both believe that they have the lease, and an epoch is given out once', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.array(fc.constantFrom(0.996, 1, 1.004), { minLength: 2, maxLength: 2 }),
      async (all, rates) => {
        const register = new SlowRegister();
        const processes = rates.map((rate, index) => new Process(`p${index}`, register.door, rate));
        const epochs: number[] = [];
        for (const step of all) {
          if ('what' in step) processes[step.who]?.do(step.what, epochs);
          else if ('ms' in step) processes.forEach(({ clock, rate }) => clock.advance(step.ms * rate));
          else if ('told' in step) {
            if (register.stored) processes[step.told]?.leases.saw(KEY, register.stored);
          } else if ('allArrive' in step) {
            for (let round = 0; round < 8; round += 1) {
              register.underWay.splice(0).forEach((arrive) => arrive(true));
              await settled();
            }
          } else {
            const { underWay } = register;
            if (underWay.length > 0) underWay.splice(step.arrives % underWay.length, 1)[0]?.(!step.lost);
          }
          await settled();
          const believers = processes.filter(({ held }) => held?.holds());
          expect(believers.map(({ name }) => name).slice(1)).toEqual([]);
        }
        expect(new Set(epochs).size).toBe(epochs.length);
      },
    ),
    { numRuns: 250 },
  );
});

describe('over a register that answers at once', () => {
  let register: SlowRegister;
  let one: Process;
  let other: Process;
  beforeEach(() => {
    register = new SlowRegister();
    register.immediate = true;
    [one, other] = [new Process('one', register.door, 1), new Process('other', register.door, 1)];
  });

  function pass(ms: number): void {
    one.clock.advance(ms);
    other.clock.advance(ms);
  }

  test('an epoch is at least the time in seconds, so that one after a bucket that was lost is later than any before', async () => {
    await expect(one.leases.acquire(KEY, 'one', TTL_MS)).resolves.toMatchObject({ held: true, epoch: 1_000 });
    register.stored = undefined;
    pass(2_000);
    await expect(other.leases.acquire(KEY, 'other', TTL_MS)).resolves.toMatchObject({ epoch: 1_002 });
    await expect(one.leases.renew(KEY, 1_000, TTL_MS)).resolves.toBe(false);
  });

  test('who waits is told for how long; each renewal begins the wait anew', async () => {
    await one.leases.acquire(KEY, 'one', TTL_MS);
    await expect(other.leases.acquire(KEY, 'other', TTL_MS)).resolves.toEqual({
      ...{ held: false, epoch: 1_000, owner: 'one', remainingMs: 1_010 },
    });
    pass(900);
    await expect(one.leases.renew(KEY, 1_000, TTL_MS)).resolves.toBe(true);
    await expect(other.leases.acquire(KEY, 'other', TTL_MS)).resolves.toMatchObject({ remainingMs: 1_010 });
    pass(1_010);
    await expect(other.leases.acquire(KEY, 'other', TTL_MS)).resolves.toMatchObject({
      held: true,
      epoch: 1_001,
    });
  });

  test('who was told of it by the watch has waited already', async () => {
    await one.leases.acquire(KEY, 'one', TTL_MS);
    if (register.stored) other.leases.saw(KEY, register.stored);
    pass(1_010);
    await expect(other.leases.acquire(KEY, 'other', TTL_MS)).resolves.toMatchObject({ held: true });
  });

  test('a revision that comes twice with another value, after a server lost its last write, is waited for anew', async () => {
    await one.leases.acquire(KEY, 'one', TTL_MS);
    await other.leases.acquire(KEY, 'other', TTL_MS);
    pass(1_000);
    const { entry, revision } = register.stored!;
    register.stored = { entry: { ...entry, at: entry.at + 1_000 }, revision };
    await expect(other.leases.acquire(KEY, 'other', TTL_MS)).resolves.toMatchObject({ remainingMs: 1_010 });
  });

  test('given back it is free at once, and nothing of its epoch counts any more', async () => {
    await one.leases.acquire(KEY, 'one', TTL_MS);
    await expect(one.leases.release(KEY, 1_000)).resolves.toBe(true);
    await expect(one.leases.renew(KEY, 1_000, TTL_MS)).resolves.toBe(false);
    await expect(other.leases.acquire(KEY, 'other', TTL_MS)).resolves.toMatchObject({
      held: true,
      epoch: 1_001,
    });
    await expect(one.leases.release(KEY, 1_000)).resolves.toBe(false);
  });

  test('its own owner takes it again at once, and fences what it did before', async () => {
    await one.leases.acquire(KEY, 'one', TTL_MS);
    await expect(one.leases.acquire(KEY, 'one', TTL_MS)).resolves.toMatchObject({ held: true, epoch: 1_001 });
    await expect(one.leases.renew(KEY, 1_000, TTL_MS)).resolves.toBe(false);
  });
});

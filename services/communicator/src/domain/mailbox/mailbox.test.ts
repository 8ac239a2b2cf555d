import type { Random } from '@multiswarm/core';
import * as fc from 'fast-check';
import type { Level, Mail } from './mail';
import { Mailbox, type Fate, type Handed, type Moment } from './mailbox';
import { MAILBOX_RULES, type MailboxRules } from './rules';

const RULES: MailboxRules = {
  ...MAILBOX_RULES,
  limit: 40,
  maxAttempts: 3,
  ackWaitMs: 1_000,
  sessionMs: 3_000,
  creditMs: 500,
  backoff: { initialMs: 100, factor: 2, maxMs: 400, jitter: 0 },
  breaker: { failures: 4, openMs: 300, longestMs: 1_200 },
};
const STILL: Random = { next: () => 0.5 };
const EPOCH_MS = 1_700_000_000_000;

function at(ms: number): Moment {
  return { monotonicMs: ms, wallMs: EPOCH_MS + ms };
}

function mail(seq: number, given: Partial<Mail> = {}): Mail {
  return {
    ...{ seq, id: `m-${seq}`, from: 'a', level: 2, conversation: 'from a', bytes: 10 },
    ...{ storedAtMs: EPOCH_MS, expiresAtMs: Infinity, deliverAtMs: 0, attempts: 0, fault: undefined },
    ...given,
  };
}

function mailbox(rules: Partial<MailboxRules> = {}): Mailbox {
  return new Mailbox('default', 'b', { ...RULES, ...rules }, STILL);
}

const seqs = (handed: { mail: Mail }[]): number[] => handed.map(({ mail: { seq } }) => seq);
const FAILED = { cause: 'handler-failed', message: 'no' } as const;

test('messages of one conversation are handed over in order, and one that is tried again holds back those behind it', () => {
  const box = mailbox();
  for (const seq of [1, 2, 3]) box.arrive(mail(seq), at(0));
  box.arrive(mail(4, { conversation: 'other' }), at(0));
  box.attend('s', 10, [], at(0));
  expect(seqs(box.next(10, at(0)))).toEqual([1, 2, 3, 4]);
  expect(box.nak(1, FAILED, at(1))).toEqual({ kind: 'again', inMs: 100 });
  box.release(2, at(1));
  box.release(3, at(1));
  expect(box.next(10, at(50))).toEqual([]);
  expect(seqs(box.next(10, at(101)))).toEqual([1, 2, 3]);
  expect([1, 2, 3].map((seq) => box.find(seq)?.attempts)).toEqual([2, 1, 1]);
});

test.each([true, false])(
  'what comes after messages on their way back does not come before them (poison: %s)',
  (poison) => {
    const box = mailbox();
    for (const seq of [1, 2]) box.arrive(mail(seq), at(0));
    box.attend('s', 10, [], at(0));
    expect(seqs(box.next(10, at(0)))).toEqual([1, 2]);
    box.arrive(mail(3), at(1));
    box.nak(1, { ...FAILED, delayMs: 0, poison }, at(1));
    expect(box.next(10, at(1))).toEqual([]);
    box.arrive(mail(4), at(1));
    expect(box.next(10, at(1))).toEqual([]);
    box.release(2, at(2));
    if (poison) {
      expect(box.next(10, at(2))).toEqual([]); // it is not known to be kept
      box.buried(1, at(2));
    }
    const handed = box.next(10, at(2));
    expect(seqs(handed)).toEqual(poison ? [2, 3, 4] : [1, 2, 3, 4]);
    expect(new Set(handed.map(({ generation }) => generation))).toEqual(new Set([1]));
  },
);

test('what did not come over a lost connection is handed over again, and nothing before that', () => {
  const box = mailbox();
  for (const seq of [1, 2, 3]) box.arrive(mail(seq), at(0));
  box.attend('s-1', 10, [], at(0));
  box.next(10, at(0));
  box.doubt();
  box.arrive(mail(4), at(1));
  expect(box.next(10, at(1))).toEqual([]);
  box.attend('s-2', 10, [1], at(2), ['s-0', 's-1']);
  expect(box.ack(1, at(2))).toMatchObject({ attempts: 1 });
  const handed = box.next(10, at(2));
  expect(seqs(handed)).toEqual([2, 3, 4]);
  expect(handed.every(({ generation }) => generation > 0)).toBe(true);
  expect([2, 3, 4].map((seq) => box.find(seq)?.attempts)).toEqual([1, 1, 1]);
  expect([...box.sessions.keys()]).toEqual(['s-2']);
});

test('what a reader had before its connection was lost is settled before anything behind it is handed over', () => {
  const box = mailbox();
  box.attend('s1', 10, [], at(0));
  for (const seq of [1, 2, 3]) box.arrive(mail(seq), at(0));
  expect(seqs(box.next(1, at(0)))).toEqual([1]);
  box.doubt();
  box.attend('s2', 10, [1], at(1), ['s1']);
  box.arrive(mail(4), at(1));
  // Should it fail, the reader could not tell what was sent before its owner knew of that.
  expect(seqs(box.next(10, at(1)))).toEqual([]);
  expect(box.nak(1, FAILED, at(2))).toMatchObject({ kind: 'again', inMs: 100 });
  expect(seqs(box.next(10, at(3)))).toEqual([]);
  const again = box.next(10, at(102));
  expect(seqs(again)).toEqual([1, 2, 3, 4]);
});

test('a message that fails too often is a dead letter, and takes room until it is known to be kept', () => {
  const box = mailbox({ breaker: { failures: 100, openMs: 1, longestMs: 1 } });
  box.arrive(mail(1), at(0));
  box.attend('s', 10, [], at(0));
  const fates: (Fate | undefined)[] = [];
  for (let ms = 0; ms < 3_000; ms += 1_000) {
    expect(seqs(box.next(10, at(ms)))).toEqual([1]);
    fates.push(box.nak(1, FAILED, at(ms)));
  }
  expect(fates.map((fate) => fate?.kind)).toEqual(['again', 'again', 'dead']);
  expect(box.depth).toBe(1);
  box.buried(1, at(3_000));
  expect(box.depth).toBe(0);
});

test('of what a lost session had, only the first of each conversation counts as tried', () => {
  const box = mailbox();
  for (const seq of [1, 2, 3]) box.arrive(mail(seq), at(0));
  box.arrive(mail(4, { conversation: 'other' }), at(0));
  box.attend('s', 10, [], at(0));
  box.next(10, at(0));
  box.sweep(at(RULES.sessionMs));
  expect([1, 2, 3, 4].map((seq) => box.find(seq)?.attempts)).toEqual([1, 0, 0, 1]);
  expect(box.sessions.size).toBe(0);
});

test('what was not acknowledged in time is handed over again; what is extended is not', () => {
  const box = mailbox();
  box.arrive(mail(1), at(0));
  box.arrive(mail(2, { conversation: 'other' }), at(0));
  box.attend('s', 10, [], at(0));
  box.next(10, at(0));
  box.extend(2, at(900));
  const fates = box.sweep(at(1_000));
  expect(fates.map(([{ seq }, { kind }]) => [seq, kind])).toEqual([[1, 'again']]);
  expect(box.inHand).toBe(1);
});

test('what has expired is a dead letter, also after a failed try', () => {
  const box = mailbox();
  box.arrive(mail(1, { expiresAtMs: EPOCH_MS + 500 }), at(0));
  expect(box.sweep(at(499))).toEqual([]);
  box.attend('s', 10, [], at(499));
  expect(seqs(box.next(10, at(499)))).toEqual([1]);
  box.nak(1, { ...FAILED, delayMs: 10 }, at(499));
  expect(box.next(10, at(600))).toEqual([]);
  expect(box.sweep(at(600)).map(([, fate]) => fate)).toEqual([{ kind: 'dead', cause: 'expired' }]);
});

test('a message is held until its time, and holds back nobody', () => {
  const box = mailbox();
  box.arrive(mail(1, { deliverAtMs: EPOCH_MS + 700 }), at(0));
  box.arrive(mail(2), at(0));
  box.attend('s', 10, [], at(0));
  expect(seqs(box.next(10, at(0)))).toEqual([2]);
  expect(box.nextWakeMs(at(0))).toBe(700);
  expect(seqs(box.next(10, at(700)))).toEqual([1]);
});

test('a recipient that keeps failing is given nothing for a while, then one message', () => {
  const box = mailbox({ maxAttempts: 100 });
  for (let seq = 1; seq <= 8; seq += 1) box.arrive(mail(seq, { conversation: `c${seq}` }), at(0));
  box.attend('s', 4, [], at(0));
  for (const seq of seqs(box.next(10, at(0)))) box.nak(seq, { ...FAILED, delayMs: 0 }, at(0));
  expect(box.breakerState(at(0))).toBe(box.next(10, at(0)).length === 0 ? 'open' : 'closed');
});

test('a recipient that has handled what it was given, and only could not answer, is not taken to be failing', () => {
  const box = mailbox({ breaker: { failures: 1, openMs: 100, longestMs: 100 } });
  box.arrive(mail(1), at(0));
  box.attend('s', 10, [], at(0));
  box.next(1, at(0));
  const unanswered = { cause: 'not-acknowledged', message: 'mailbox-full', blameless: true } as const;
  expect(box.nak(1, unanswered, at(0))).toMatchObject({ kind: 'again' });
  expect([box.breakerState(at(0)), box.find(1)?.attempts]).toEqual(['closed', 1]);
});

test('urgent messages do not wait behind a window that is full of others', () => {
  const box = mailbox();
  for (let seq = 1; seq <= 30; seq += 1) box.arrive(mail(seq, { level: 3 }), at(0));
  box.attend('s', 16, [], at(0));
  expect(box.next(100, at(0))).toHaveLength(14);
  box.arrive(mail(31, { level: 0, conversation: 'urgent' }), at(1));
  expect(seqs(box.next(100, at(1)))).toEqual([31]);
});

test('room is promised once', () => {
  const box = mailbox({ limit: 10 });
  for (let seq = 1; seq <= 4; seq += 1) box.arrive(mail(seq), at(0));
  const granted = [box.grant('x', 100, at(0)), box.grant('y', 100, at(0)), box.grant('z', 100, at(0))];
  expect(granted).toEqual([3, 2, 1]);
  expect(box.grant('x', 1, at(1))).toBe(0);
  box.arrive(mail(5, { from: 'x' }), at(1));
  expect(box.grant('x', 1, at(1))).toBe(0);
  expect(box.grant('x', 100, at(RULES.creditMs))).toBe(3);
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const step = fc.oneof(
  fc.record({
    do: fc.constant('arrive' as const),
    level: fc.nat(3),
    conversation: fc.nat(3),
    ttl: fc.option(fc.nat(3_000)),
    delay: fc.option(fc.nat(2_000)),
  }),
  fc.record({
    do: fc.constant('attend' as const),
    session: fc.nat(2),
    window: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({ do: fc.constant('leave' as const), session: fc.nat(2) }),
  fc.record({ do: fc.constant('next' as const), most: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('ack' as const), pick: fc.nat(40) }),
  fc.record({ do: fc.constant('nak' as const), pick: fc.nat(40), poison: fc.boolean() }),
  fc.record({ do: fc.constant('release' as const), pick: fc.nat(40) }),
  fc.record({ do: fc.constant('extend' as const), pick: fc.nat(40) }),
  fc.record({ do: fc.constant('bury' as const), pick: fc.nat(40) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.nat(1_500) }),
);

/** Applies steps to a mailbox, and keeps account of what must be where. */
class Account {
  readonly box = mailbox({ maxAttempts: 3 });
  readonly known = new Map<number, Mail>();
  readonly held = new Map<number, string>();
  readonly acked = new Set<number>();
  readonly dead = new Set<number>();
  /** Of these, those that failed for good. */
  readonly failed = new Set<number>();
  readonly kept = new Set<number>();
  ms = 0;

  apply(each: Step): void {
    if (each.do === 'arrive') this.arrive(each);
    else if (each.do === 'attend') this.box.attend(`s${each.session}`, each.window, [], at(this.ms));
    else if (each.do === 'leave') this.meet(this.box.leave(`s${each.session}`, at(this.ms)));
    else if (each.do === 'next')
      for (const handed of this.box.next(each.most, at(this.ms))) this.take(handed);
    else if (each.do === 'pass') {
      this.ms += each.ms;
      this.meet(this.box.sweep(at(this.ms)));
    } else if (each.do === 'bury') this.bury([...this.dead][each.pick % Math.max(1, this.dead.size)]);
    else this.settle(each, [...this.held.keys()][each.pick % Math.max(1, this.held.size)]);
    for (const [of, session] of this.held)
      if (!this.box.sessions.get(session)?.holds.has(of)) this.held.delete(of);
    expect(this.box.depth).toBe(this.known.size - this.acked.size - this.kept.size);
    expect(this.box.inHand).toBe(this.held.size);
  }

  private arrive({ level, conversation, ttl, delay }: Extract<Step, { do: 'arrive' }>): void {
    const seq = this.known.size + 1;
    const nowMs = EPOCH_MS + this.ms;
    const arrived = mail(seq, {
      level: level as Level,
      conversation: `c${conversation}`,
      storedAtMs: nowMs,
      expiresAtMs: ttl === null ? Infinity : nowMs + ttl,
      deliverAtMs: delay === null ? 0 : nowMs + delay,
    });
    this.known.set(seq, arrived);
    this.box.arrive(arrived, at(this.ms));
  }

  private take({ mail: given, session }: Handed): void {
    expect([this.held, this.acked, this.dead].some((where) => where.has(given.seq))).toBe(false);
    expect(this.box.sessions.get(session.id)).toBe(session);
    expect(given.expiresAtMs).toBeGreaterThan(EPOCH_MS + this.ms); // M4
    expect(given.deliverAtMs).toBeLessThanOrEqual(EPOCH_MS + this.ms);
    // M2
    const owners = [...this.held].filter(([of]) => {
      const other = this.known.get(of);
      return other?.conversation === given.conversation && other.level === given.level;
    });
    for (const [, owner] of owners) expect(owner).toBe(session.id);
    for (const failed of this.failed) expect(isSameLane(this.known.get(failed), given)).toBe(false); // M5
    this.held.set(given.seq, session.id);
  }

  private settle(each: Extract<Step, { pick: number }>, seq: number | undefined): void {
    if (seq === undefined) return;
    if (each.do === 'ack') {
      expect(this.box.ack(seq, at(this.ms))).toBeDefined();
      this.acked.add(seq);
    } else if (each.do === 'nak') {
      const fate = this.box.nak(seq, { ...FAILED, poison: each.poison }, at(this.ms));
      this.meet([[this.known.get(seq)!, fate!]]);
    } else if (each.do === 'release') expect(this.box.release(seq, at(this.ms))).toBe(true);
    else expect(this.box.extend(seq, at(this.ms))).toBe(true);
    if (each.do !== 'extend') this.held.delete(seq);
  }

  private bury(seq: number | undefined): void {
    if (seq === undefined) return;
    this.box.buried(seq, at(this.ms));
    this.kept.add(seq);
    this.failed.delete(seq);
  }

  private meet(fates: [Mail, Fate][]): void {
    for (const [{ seq }, fate] of fates) {
      this.held.delete(seq);
      if (fate.kind !== 'dead') continue;
      this.dead.add(seq);
      if (fate.cause !== 'expired') this.failed.add(seq);
    }
  }

  /** What is neither acknowledged nor dead can be had, once somebody takes it and time passes. Returns what cannot. */
  drain(): number[] {
    const left = new Set([...this.known.keys()].filter((of) => !this.acked.has(of) && !this.dead.has(of)));
    for (const of of this.dead) this.box.buried(of, at(this.ms));
    for (let turns = 0; turns < 400 && left.size > 0; turns += 1) {
      this.ms += 500;
      for (const [{ seq }, { kind }] of this.box.sweep(at(this.ms))) {
        if (kind !== 'dead') continue;
        left.delete(seq);
        this.box.buried(seq, at(this.ms));
      }
      this.box.attend('last', 1_000, [], at(this.ms));
      for (const { mail: given } of this.box.next(100, at(this.ms))) {
        this.box.ack(given.seq, at(this.ms));
        left.delete(given.seq);
      }
    }
    return [...left];
  }
}

function isSameLane(a: Mail | undefined, b: Mail): boolean {
  return a?.conversation === b.conversation && a.level === b.level;
}

test('no message is lost, doubled, out of order or with a session that is gone, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 120 }), (steps) => {
      const account = new Account();
      for (const each of steps) account.apply(each);
      expect(account.drain()).toEqual([]); // M1
      expect(account.box.bytes).toBe(10 * account.box.depth);
    }),
    { numRuns: 400 },
  );
});

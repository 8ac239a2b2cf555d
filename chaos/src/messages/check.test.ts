import type { DeadMail } from '@multiswarm/contracts';
import type { BookLine } from './book';
import { checkMail, talliesAgree, type BrokenPromise } from './check';
import type { MailEvidence } from './evidence';
import { LANES, letterOf, type Lane, type Lot } from './letters';
import { sizesOf } from './sizes';

const SIZES = sizesOf('bytes\n10\n20\n', 'sizes');
const OPTIONS = { seed: 1, sizes: SIZES, redriven: false };
const lane = (qos: Lane['qos']): Lane => LANES.find((each) => each.qos === qos)!;
const ALO = lane('at-least-once');
const EXO = lane('exactly-once');

/** Numbers of a lane whose messages have a lot. */
function ofLot(of: Lane, lot: Lot): number[] {
  return Array.from({ length: 3_000 }, (_, n) => n).filter((n) => letterOf(1, of, n, SIZES).lot === lot);
}
const [A = 0, B = 0, C = 0] = ofLot(ALO, 'fine');
const [POISON = 0] = ofLot(ALO, 'poison');
const [X = 0, Y = 0] = ofLot(EXO, 'fine');

function line(kind: BookLine['kind'], { name }: Lane, n: number, at: number, why?: string): BookLine {
  return { kind, lane: name, n, at, ...(why === undefined ? {} : { why }) };
}

function dead(of: Lane, n: number, given: Partial<DeadMail>): DeadMail {
  const { id, bytes } = letterOf(1, of, n, SIZES);
  return {
    ...{ seq: 1, storedSeq: 1, id, bytes, namespace: 'default', from: of.from, to: of.to, kind: of.qos },
    ...{ priority: of.priority, qos: of.qos, diedAt: '2026-01-01T00:00:00.000Z', cause: 'poison' },
    ...{ message: 'no', attempts: 1, redrives: 0 },
    ...given,
  };
}

/** A run in which everything holds: three messages and one that is poison, and two with state. */
function evidence(given: Partial<MailEvidence> = {}): MailEvidence {
  const sent = [...[A, B, C, POISON].map((n) => [ALO, n] as const), ...[X, Y].map((n) => [EXO, n] as const)];
  const promised = sent.flatMap(([of, n], at) => [line('begun', of, n, at), line('accepted', of, n, at)]);
  const mail = dead(ALO, POISON, {});
  return {
    lines: [...promised, ...[A, B, B, C].map((n, at) => line('done', ALO, n, 100 + at))],
    states: new Map([[EXO.name, [X, Y]]]),
    dead: [mail],
    told: { mailboxes: [], dead: 1 },
    counted: { mailboxes: [], dead: 1, idleNotes: 0 },
    buried: [mail.id],
    ...given,
  };
}

function promises(given: Partial<MailEvidence>, options = OPTIONS): BrokenPromise['promise'][] {
  return [...new Set(checkMail(evidence(given), options).map(({ promise }) => promise))];
}

const without = (kind: BookLine['kind'], n: number): BookLine[] =>
  evidence().lines.filter((each) => each.kind !== kind || each.n !== n);

test('where every promise was kept, nothing is said', () => {
  expect(checkMail(evidence(), OPTIONS)).toEqual([]);
});

test('what was accepted and came nowhere is lost, of either promise', () => {
  expect(promises({ lines: without('done', A) })).toEqual(['nothing-lost']);
  expect(promises({ states: new Map([[EXO.name, [X]]]) })).toEqual(['nothing-lost']);
  expect(
    promises({
      dead: [],
      told: { mailboxes: [], dead: 0 },
      buried: [],
      counted: { mailboxes: [], dead: 0, idleNotes: 0 },
    }),
  ).toEqual(['nothing-lost']);
});

test('what was never sent, and what came damaged, is told', () => {
  expect(promises({ states: new Map([[EXO.name, [X, Y, 2_999]]]) })).toEqual(['nothing-invented']);
  const damaged = line('refused', ALO, A, 200, 'it is not what was sent');
  expect(promises({ lines: [...evidence().lines, damaged] })).toEqual(['nothing-invented']);
});

test('a second effect, and one out of order, is told; what only comes again is not', () => {
  expect(promises({ states: new Map([[EXO.name, [X, Y, Y]]]) })).toEqual(['one-effect']);
  expect(promises({ states: new Map([[EXO.name, [Y, X]]]) })).toEqual(['in-order']);
  expect(promises({ states: new Map([[EXO.name, [Y, X]]]) }, { ...OPTIONS, redriven: true })).toEqual([]);
  expect(promises({ lines: [...evidence().lines, line('done', ALO, A, 300)] })).toEqual([]);
});

test('what was given up has to have a reason, and what has one must not be handled', () => {
  expect(
    promises({
      dead: [dead(ALO, POISON, {}), dead(ALO, C, { cause: 'handler-failed' })],
      told: { mailboxes: [], dead: 2 },
      counted: { mailboxes: [], dead: 2, idleNotes: 0 },
    }),
  ).toEqual(['given-up']);
  expect(promises({ dead: [dead(ALO, POISON, { cause: 'recipient-lost' })] })).toEqual([]);
  expect(promises({ lines: [...evidence().lines, line('done', ALO, POISON, 300)] })).toContain('given-up');
});

test('what a communicator has given up and nobody keeps, and what is counted otherwise, is told', () => {
  expect(promises({ buried: [...evidence().buried, 'm-another'] })).toEqual(['dead-letters-kept']);
  expect(promises({ told: { mailboxes: [{ mailbox: 'b', depth: 1, bytes: 10 }], dead: 1 } })).toEqual([
    'counts-agree',
  ]);
  expect(promises({ told: { mailboxes: [], dead: 2 } })).toEqual(['counts-agree']);
});

test('a sender that was refused is told', () => {
  const refused = line('refused', ALO, A, 1, 'recipient-unknown: who?');
  expect(promises({ lines: [...evidence().lines, refused] })).toEqual(['never-refused']);
});

test('counters of communicators and of links are held against what recipients have noted down', () => {
  const one = { delivered: 2, bytes: 30, failedTries: 1, dead: 1 };
  const both = { delivered: 4, bytes: 60, failedTries: 2, dead: 2 };
  const counted = new Map([
    ['a to b', one],
    ['a to c', one],
  ]);
  expect(talliesAgree({ metrics: both, links: counted }, counted)).toEqual([]);
  const late = { ...both, bytes: 59 };
  expect(talliesAgree({ metrics: late, links: counted }, counted)).toMatchObject([
    { promise: 'counts-agree', detail: expect.stringContaining('metrics') as string },
  ]);
  expect(talliesAgree({ metrics: both, links: new Map([['a to b', one]]) }, counted)).toMatchObject([
    { promise: 'counts-agree', detail: expect.stringContaining('the link a to c: told undefined') as string },
  ]);
});

test('what was sent again, and of which nobody knows whether it had its effect, may be given up', () => {
  const redriven = { times: 1, of: 'm-other', first: letterOf(1, ALO, A, SIZES).id, at: 'x', by: 'chaos' };
  const unsure = { ...redriven, unsure: { domain: 'hub', seq: 1 } };
  const message = 'whether it has had its effect is not known any more: …';
  const again = (given: Partial<DeadMail>): BrokenPromise['promise'][] =>
    promises(
      {
        dead: [dead(ALO, A, { id: 'm-again', message, ...given })],
        told: { mailboxes: [], dead: 1 },
        counted: { mailboxes: [], dead: 1, idleNotes: 0 },
        lines: evidence().lines.filter(({ kind, n }) => n !== POISON || kind === 'begun'),
        buried: [],
      },
      { ...OPTIONS, redriven: true },
    );
  expect(again({ redriven: unsure })).toEqual([]);
  expect(again({ redriven })).toEqual(['given-up']);
});

import fc from 'fast-check';
import { judge, type Condemned, type Stored } from './sweep';

const GRACE_MS = 100;
const LOOK_MS = 20;
/** From a claim to the commit that rests on it: less than the grace, and what began before a look is over at the next one. */
const COMMIT_MS = 15;

/** A store and the tasks that refer to what is in it, with claims and commits that happen while looks are under way. */
class World {
  now = 1_000;
  readonly stored = new Map<string, Stored>();
  readonly references = new Map<string, Set<string>>();
  readonly deletedWhileReferred: string[] = [];
  private readonly underWay: { at: number; id: string; task: string }[] = [];
  private condemned: Condemned = new Map();
  private seq = 0;

  claim(id: string): void {
    this.stored.set(id, { id, claimedAt: this.now, seq: ++this.seq });
  }

  /** A submission: claimed now, committed later. */
  submit(id: string, task: string, commitMs: number): void {
    this.claim(id);
    this.underWay.push({ at: this.now + commitMs, id, task });
  }

  forget(task: string): void {
    for (const tasks of this.references.values()) tasks.delete(task);
  }

  /** Redis is away: commits wait, and nobody can look. */
  outage(ms: number): void {
    this.now += ms;
    for (const each of this.underWay) each.at += ms;
  }

  pass(ms: number): void {
    this.now += ms;
    for (const each of this.underWay.splice(0)) {
      if (each.at > this.now) this.underWay.push(each);
      else this.references.set(each.id, (this.references.get(each.id) ?? new Set()).add(each.task));
    }
  }

  /** What happens between the reading of the store, of the references, and the removal. */
  look(between: (step: number) => void): void {
    const stored = [...this.stored.values()];
    const { now } = this;
    between(0);
    const referred = new Set([...this.references].filter(([, tasks]) => tasks.size > 0).map(([id]) => id));
    between(1);
    const limits = { now, graceMs: GRACE_MS, most: 1_000 };
    const verdicts = judge(stored, (id) => referred.has(id), this.condemned, limits);
    this.condemned = verdicts.condemned;
    for (const { id, seq } of verdicts.remove) {
      if (this.stored.get(id)?.seq !== seq) continue; // the store refuses: somebody has claimed it since
      if (this.isWanted(id)) this.deletedWhileReferred.push(id);
      this.stored.delete(id);
    }
  }

  isWanted(id: string): boolean {
    return (this.references.get(id)?.size ?? 0) > 0 || this.underWay.some((each) => each.id === id);
  }
}

const id = fc.constantFrom('a', 'b', 'c');
const task = fc.constantFrom('t1', 't2', 't3', 't4');
const action = fc.oneof(
  fc.record({ kind: fc.constant('claim' as const), id }),
  fc.record({ kind: fc.constant('submit' as const), id, task, ms: fc.integer({ min: 0, max: COMMIT_MS }) }),
  fc.record({ kind: fc.constant('forget' as const), task }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 3 }) }),
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
const outage = fc.integer({ min: 1, max: 3 * GRACE_MS });
const turn = fc.record({
  before: fc.array(action, { maxLength: 4 }),
  outage: fc.option(outage, { nil: 0, freq: 4 }),
  between: fc.array(fc.array(action, { maxLength: 2 }), { minLength: 2, maxLength: 2 }),
  look: fc.boolean(),
});

function act(world: World, given: Action): void {
  if (given.kind === 'claim') world.claim(given.id);
  else if (given.kind === 'submit') world.submit(given.id, given.task, given.ms);
  else if (given.kind === 'forget') world.forget(given.task);
  else world.pass(given.ms);
}

test('nothing that is referred to, or is about to be, is removed, and everything else is after the grace time', () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 40 }), (turns) => {
      const world = new World();
      for (const { before, between, look, outage: ms } of turns) {
        for (const each of before) act(world, each);
        world.outage(ms);
        if (look) world.look((step) => between[step]?.forEach((each) => act(world, each)));
        world.pass(LOOK_MS);
      }
      expect(world.deletedWhileReferred).toEqual([]);
      world.pass(GRACE_MS + COMMIT_MS);
      for (let look = 0; look < 2; look++) {
        world.pass(LOOK_MS);
        world.look(() => undefined);
      }
      expect([...world.stored.keys()].every((each) => world.isWanted(each))).toBe(true);
      for (const [each, tasks] of world.references)
        if (tasks.size > 0) expect(world.stored.has(each)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

describe('a look', () => {
  const limits = { now: 1_000, graceMs: GRACE_MS, most: 2 };
  const old = (name: string, seq = 1): Stored => ({ id: name, claimedAt: 0, seq });

  test('removes nothing that it sees for the first time', () => {
    const { remove, condemned } = judge([old('a')], () => false, new Map(), limits);
    expect([remove, [...condemned]]).toEqual([[], [['a', 1]]]);
  });

  test('begins anew with what was claimed since the last one', () => {
    const { remove } = judge([old('a', 2)], () => false, new Map([['a', 1]]), limits);
    expect(remove).toEqual([]);
  });

  test('remembers no more than it may, and comes to the others later', () => {
    const first = judge([old('a'), old('b'), old('c')], () => false, new Map(), limits);
    expect([...first.condemned.keys()]).toEqual(['a', 'b']);
    const second = judge([old('a'), old('b'), old('c')], () => false, first.condemned, limits);
    expect([second.remove.map(({ id: name }) => name), [...second.condemned.keys()]]).toEqual([
      ['a', 'b'],
      ['c'],
    ]);
  });
});

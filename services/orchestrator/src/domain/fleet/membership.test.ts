import type { AttemptRef, Heartbeat } from '@multiswarm/contracts';
import fc from 'fast-check';
import { heartbeat } from '../../../test/support/builders';
import { Membership, type MembershipChange } from './membership';

const IGNORED = { ignored: true, lost: [] };
const ref = (taskId: string, attempt = 1): AttemptRef => ({ taskId, attempt });

function accepted(change: MembershipChange | { refused: string }): MembershipChange {
  if ('refused' in change) throw new Error(`not admitted: ${change.refused}`);
  return change;
}

function memberOf(members: Membership): { state: string; held: AttemptRef[]; lastSeen: string } | undefined {
  return members.swarms(0)[0];
}

describe('one heartbeat after the other', () => {
  test('a heartbeat that is not newer than the last of its instance changes nothing', () => {
    const members = new Membership();
    members.observe(heartbeat({ seq: 5, held: [ref('t1')] }), 0);
    const before = members.swarms(0);
    for (const seq of [5, 4, 1])
      expect(members.observe(heartbeat({ seq, slots: 9, state: 'stopped' }), 500)).toEqual(IGNORED);
    expect(members.swarms(0)).toEqual(before);
  });

  test('a late heartbeat does not bring a swarm back to life that is down', () => {
    const members = new Membership();
    members.observe(heartbeat({ seq: 5 }), 0);
    members.tick(10_000);
    expect(members.observe(heartbeat({ seq: 5 }), 10_001)).toEqual(IGNORED);
    expect(members.has('a')).toBe(false);
    expect(accepted(members.observe(heartbeat({ seq: 6 }), 10_002)).joined).toBe('a');
  });

  test('a swarm that is down may come back on a machine whose clock is behind', () => {
    const members = new Membership();
    members.observe(heartbeat({ sentAt: 1_000 }), 0);
    members.tick(10_000);
    expect(accepted(members.observe(heartbeat({ instance: 'i2', sentAt: 1 }), 10_001)).joined).toBe('a');
  });

  test('a new instance loses what the old one held, at once', () => {
    const members = new Membership();
    members.observe(heartbeat({ held: [ref('t1'), ref('t2')] }), 0);
    const change = accepted(members.observe(heartbeat({ instance: 'i2', seq: 0, sentAt: 10 }), 10));
    expect(change.lost).toEqual([
      { swarmId: 'a', attempts: [ref('t1'), ref('t2')], reason: 'the swarm was restarted' },
    ]);
  });

  test('of two processes under one id the older one is refused, and told so, whatever it says', () => {
    const members = new Membership();
    members.observe(heartbeat({ sentAt: 5 }), 0);
    members.observe(heartbeat({ instance: 'i2', sentAt: 10, held: [ref('t1')] }), 10);
    for (const sentAt of [6, 20])
      expect(members.observe(heartbeat({ seq: 2, sentAt }), 11)).toEqual({
        refused: expect.stringContaining('a newer process (instance i2) runs under the id a'),
      });
    expect(members.observe(heartbeat({ seq: 3, sentAt: 30, state: 'stopped' }), 12)).toEqual(IGNORED);
    expect(memberOf(members)?.held).toEqual([ref('t1')]);
  });

  test('a late heartbeat of an instance that was never seen does not replace the newer one', () => {
    const members = new Membership();
    members.observe(heartbeat({ instance: 'i2', sentAt: 10, held: [ref('t1')] }), 10);
    expect(members.observe(heartbeat({ instance: 'i1', sentAt: 9 }), 11)).toEqual(IGNORED);
    expect(memberOf(members)?.held).toEqual([ref('t1')]);
  });

  test('a silent swarm is suspect after two of its intervals, down after three, and loses what it held once', () => {
    const members = new Membership();
    members.observe(heartbeat({ intervalMs: 100, held: [ref('t1')] }), 0);
    expect(members.tick(199)).toEqual([]);
    expect(memberOf(members)?.state).toBe('ready');
    expect(members.tick(200)).toEqual([]);
    expect(memberOf(members)?.state).toBe('suspect');
    expect(members.tick(300)).toEqual([
      { left: 'a', lost: [{ swarmId: 'a', attempts: [ref('t1')], reason: 'no heartbeat for 300 ms' }] },
    ]);
    expect(members.tick(10_000)).toEqual([]);
    expect(members.held()).toEqual([]);
    expect(members.count()).toBe(0);
  });

  test('while nothing may be lost a silent swarm is only suspect, and still holds what it held', () => {
    const members = new Membership();
    members.observe(heartbeat({ intervalMs: 100, held: [ref('t1')] }), 0);
    expect(members.tick(60_000, false)).toEqual([]);
    expect([memberOf(members)?.state, members.held(), members.has('a')]).toEqual([
      'suspect',
      [ref('t1')],
      true,
    ]);
    expect(members.tick(60_000)).toMatchObject([{ left: 'a', lost: [{ attempts: [ref('t1')] }] }]);
  });

  test.each([
    ['ready', 3],
    ['cordoned', 0],
    ['draining', 0],
  ] as const)('a swarm that says that it is %s is shown so, with %i free slots', (state, freeSlots) => {
    const members = new Membership();
    members.observe(heartbeat({ state, held: [ref('t1')] }), 0);
    expect(members.swarms(0)).toMatchObject([{ state, freeSlots, busySlots: 1 }]);
  });

  test('a swarm is remembered while it is down, and not after it has stopped', () => {
    const members = new Membership();
    members.observe(heartbeat(), 0);
    members.tick(10_000);
    expect([members.last('a'), members.remembers('a')]).toEqual([undefined, true]);
    members.observe(heartbeat({ seq: 2 }), 10_001);
    expect(members.last('a')?.seq).toBe(2);
    members.observe(heartbeat({ seq: 3, state: 'stopped' }), 10_002);
    expect(members.remembers('a')).toBe(false);
  });

  test('what was declared lost is not lost again when the same instance comes back with it and falls silent anew', () => {
    const members = new Membership();
    members.observe(heartbeat({ held: [ref('t1')] }), 0);
    members.tick(5_000);
    expect(accepted(members.observe(heartbeat({ seq: 2, held: [ref('t1'), ref('t2')] }), 6_000)).joined).toBe(
      'a',
    );
    const lost = members.tick(20_000).flatMap((change) => change.lost);
    expect(lost.flatMap(({ attempts }) => attempts)).toEqual([ref('t2')]);
  });

  test('a swarm that says goodbye leaves at once, and loses what it still lists', () => {
    const members = new Membership();
    members.observe(heartbeat({ held: [ref('t1')] }), 0);
    const change = accepted(members.observe(heartbeat({ seq: 2, state: 'stopped', held: [ref('t1')] }), 1));
    expect(change).toMatchObject({ left: 'a', lost: [{ attempts: [ref('t1')] }] });
    expect(members.has('a')).toBe(false);
    expect(members.observe(heartbeat({ swarmId: 'stranger', state: 'stopped' }), 2)).toEqual(IGNORED);
    expect(members.swarms(0)).toEqual([]);
  });

  test('the limit holds for newcomers and for those who come back after their place was taken', () => {
    const members: Membership = new Membership((): string | undefined =>
      members.count() < 1 ? undefined : 'full',
    );
    members.observe(heartbeat(), 0);
    expect(members.observe(heartbeat({ swarmId: 'b' }), 1)).toEqual({ refused: 'full' });
    expect(members.observe(heartbeat({ seq: 2 }), 2)).toEqual({ lost: [] });
    members.tick(10_000);
    expect(accepted(members.observe(heartbeat({ swarmId: 'b' }), 10_001)).joined).toBe('b');
    expect(members.observe(heartbeat({ seq: 3 }), 10_002)).toEqual({ refused: 'full' });
    expect(members.count()).toBe(1);
  });

  test('who has an attempt is told by the heartbeat that lists it, whoever was thought to have it', () => {
    const members = new Membership();
    members.observe(heartbeat({ swarmId: 'a', held: [ref('t1')] }), 0);
    members.observe(heartbeat({ swarmId: 'b', held: [ref('t2', 2)] }), 0);
    expect(members.holderOf(ref('t1'), 'a')).toBe('a');
    expect(members.holderOf(ref('t2', 2), 'a')).toBe('b');
    expect(members.holderOf(ref('t2', 1), 'a')).toBeUndefined();
  });

  test('a swarm that is down for long is forgotten', () => {
    const members = new Membership();
    members.observe(heartbeat(), 0);
    members.tick(10_000);
    members.forget(10_000, 10_000);
    expect(members.swarms(0)).toHaveLength(1);
    members.forget(10_001, 10_000);
    expect(members.swarms(0)).toEqual([]);
  });

  test('regions sum what is not down, busy slots never above slots', () => {
    const members = new Membership();
    members.observe(heartbeat({ slots: 2, held: [ref('t1'), ref('t2'), ref('t3')] }), 0);
    members.observe(heartbeat({ swarmId: 'b', slots: 3, costPerHour: 2 }), 9_000);
    members.observe(heartbeat({ swarmId: 'c', region: 'ap-south' }), 9_000);
    expect(members.regions()).toEqual([
      { region: 'ap-south', swarms: 1, slots: 4, busySlots: 0, costPerHour: 4 },
      { region: 'eu-west', swarms: 2, slots: 5, busySlots: 2, costPerHour: 6 },
    ]);
    members.tick(9_000);
    expect(members.regions()[1]).toMatchObject({ swarms: 1, slots: 3 });
  });
});

type Step = { kind: 'beat'; given: Partial<Heartbeat>; waitMs: number } | { kind: 'tick'; waitMs: number };

const swarmId = fc.constantFrom('a', 'b');
const beat = fc.record({
  kind: fc.constant('beat' as const),
  given: fc.record({
    swarmId,
    instance: fc.constantFrom('i1', 'i2', 'i3'),
    seq: fc.nat(20),
    sentAt: fc.nat(50),
    state: fc.constantFrom('ready' as const, 'ready' as const, 'draining' as const, 'stopped' as const),
    held: fc.uniqueArray(
      fc.nat(6).map((index) => ref(`t${index}`)),
      { selector: ({ taskId }) => taskId, maxLength: 4 },
    ),
  }),
  waitMs: fc.nat(500),
});
const tick = fc.record({ kind: fc.constant('tick' as const), waitMs: fc.nat(4_000) });
const steps = fc.array(fc.oneof({ arbitrary: beat, weight: 4 }, { arbitrary: tick, weight: 1 }), {
  maxLength: 60,
  size: 'max',
});

test('over any heartbeats and silences an attempt is lost only by who held it, and once while it goes on holding it', () => {
  fc.assert(
    fc.property(steps, (sequence: Step[]) => {
      const members = new Membership();
      let now = 0;
      let lossesOf = new Set<string>();
      for (const step of sequence) {
        now += step.waitMs;
        const listed = new Map(members.swarms(0).map((each) => [each.swarmId, each.held]));
        const changes =
          step.kind === 'tick' ? members.tick(now) : admitted(members.observe(heartbeat(step.given), now));
        // What an instance does not list any more, and lists later, it holds anew.
        if (step.kind === 'beat') {
          const now_ = members.swarms(0).find((each) => each.swarmId === step.given.swarmId);
          const still = new Set((now_?.held ?? []).map(({ taskId }) => taskId));
          lossesOf = new Set(
            [...lossesOf].filter((key) => {
              const [swarm = '', instance = '', taskId = ''] = key.split('/');
              return swarm !== step.given.swarmId || (instance === step.given.instance && still.has(taskId));
            }),
          );
        }
        for (const { swarmId: swarm, attempts } of changes.flatMap((change) => change.lost)) {
          const could = [
            ...(listed.get(swarm) ?? []),
            ...(step.kind === 'beat' ? (step.given.held ?? []) : []),
          ];
          for (const lost of attempts) {
            expect(could).toContainEqual(lost);
            if (step.kind === 'tick') {
              const instance = instanceOf(members, swarm);
              const key = `${swarm}/${instance}/${lost.taskId}`;
              expect(lossesOf.has(key)).toBe(false);
              lossesOf.add(key);
            }
          }
        }
        for (const { state, swarmId: swarm } of members.swarms(0))
          expect(members.has(swarm)).toBe(state !== 'down');
      }
    }),
    { numRuns: 300 },
  );
});

function admitted(change: MembershipChange | { refused: string }): MembershipChange[] {
  return 'refused' in change ? [] : [change];
}

/** The instance that the last heartbeat of a swarm came from: people do not see it. */
function instanceOf(members: Membership, swarm: string): string {
  const { members: own } = members as unknown as { members: Map<string, { heartbeat: Heartbeat }> };
  return own.get(swarm)?.heartbeat.instance ?? '';
}

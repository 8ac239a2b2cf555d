import type { PlaceItem, RankedSwarm, Waiting } from '@multiswarm/contracts';
import fc from 'fast-check';
import type { Outcome } from '../engine/decision';
import { DecisionLog } from './decision-log';

function add(
  log: DecisionLog,
  given: { key: string; swarmId?: string; policy?: string; atMs?: number },
): void {
  const { key, swarmId, policy = 'hybrid', atMs = 0 } = given;
  const item = { key, attempt: 1, namespace: 'default', type: 'build' } as PlaceItem;
  const waiting = { reason: 'no-slot' } as Waiting;
  const outcome =
    swarmId === undefined
      ? { key, waiting }
      : { key, reservationId: 'r', ranked: [{ swarmId } as RankedSwarm] };
  log.add(item, outcome as Outcome, policy, atMs);
}

const keysOf = (log: DecisionLog, ...asked: Parameters<DecisionLog['list']>): string[] =>
  log.list(...asked).records.map(({ outcome }) => outcome.key);

test('the last ones are held, newest first, and paged without a gap', () => {
  const settings = fc.record({
    capacity: fc.integer({ min: 0, max: 20 }),
    added: fc.nat(60),
    page: fc.integer({ min: 1, max: 7 }),
  });
  fc.assert(
    fc.property(settings, ({ capacity, added, page }) => {
      const log = new DecisionLog(capacity);
      for (let n = 1; n <= added; n += 1) add(log, { key: `t${n}` });
      const held = Math.min(capacity, added);
      const expected = Array.from({ length: held }, (_, index) => `t${added - index}`);
      expect(log.size).toBe(held);
      expect(log.oldest?.outcome.key).toBe(expected.at(-1));
      const paged: string[] = [];
      for (let before: number | undefined = Infinity; before !== undefined;) {
        const { records, more } = log.list({}, page, before);
        paged.push(...records.map(({ outcome }) => outcome.key));
        before = more ? records.at(-1)?.seq : undefined;
      }
      expect(paged).toEqual(expected);
      for (let seq = 0; seq <= added + 1; seq += 1)
        expect(log.get(seq)?.outcome.key).toBe(
          seq > added - held && seq <= added && seq > 0 ? `t${seq}` : undefined,
        );
    }),
  );
});

test('a filter takes what has all that it names', () => {
  const log = new DecisionLog(10);
  add(log, { key: 't1', swarmId: 'a', policy: 'cost', atMs: 1_000 });
  add(log, { key: 't2', atMs: 2_000 });
  add(log, { key: 't3', swarmId: 'a', atMs: 3_000 });
  add(log, { key: 't1', swarmId: 'b', atMs: 4_000 });
  expect(keysOf(log, { task: 't1' }, 9)).toEqual(['t1', 't1']);
  expect(keysOf(log, { swarm: 'a' }, 9)).toEqual(['t3', 't1']);
  expect(keysOf(log, { swarm: 'a', policy: 'cost' }, 9)).toEqual(['t1']);
  expect(keysOf(log, { waiting: true }, 9)).toEqual(['t2']);
  expect(keysOf(log, { waiting: false, namespace: 'default' }, 9)).toEqual(['t1', 't3', 't1']);
  expect(keysOf(log, { namespace: 'other' }, 9)).toEqual([]);
  expect(keysOf(log, { type: 'other' }, 9)).toEqual([]);
  const between = { since: '1970-01-01T00:00:02.000Z', until: '1970-01-01T00:00:04.000Z' };
  expect(keysOf(log, between, 9)).toEqual(['t3', 't2']);
});

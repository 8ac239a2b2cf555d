import { availabilityOf, type Window } from './availability';
import type { Probe } from './outages';

const every50 = (until: number, isBad: (at: number) => boolean): Probe[] =>
  Array.from({ length: until / 50 }, (_, index) => index * 50).map((at) => ({
    ...{ at, tookMs: isBad(at) ? 100 : 2, ok: !isBad(at) },
  }));
const AROUND = { from: 0, lateMs: 100, everyMs: 50 };
const window = (kind: string, target: string, from: number, until: number): Window => ({
  ...{ kind, target, owned: [], from, until },
});

test('each shard has its own line for each fault, and an outage counts where it begins', () => {
  const hit = every50(3_000, (at) => at >= 1_000 && at < 2_200);
  const { lines } = availabilityOf(
    [hit, every50(3_000, () => false)],
    [window('kill', 'orchestrator-1', 1_000, 2_000), window('restart', 'orchestrator-2', 2_000, 3_000)],
    AROUND,
  );
  expect(lines.map(({ kind, shard, unavailableMs }) => [kind, shard, unavailableMs])).toEqual([
    ['kill', 0, 1_202],
    ['kill', 1, 0],
    ['restart', 0, 0],
    ['restart', 1, 0],
  ]);
  expect(lines[0]).toMatchObject({ failed: 20, outages: 1, longestMs: 1_202 });
});

test('shards of the one that it was done to are counted apart from those of others', () => {
  const hit = every50(2_000, (at) => at >= 1_000 && at < 1_200);
  const { kinds } = availabilityOf(
    [hit, every50(2_000, (at) => at === 1_000)],
    [{ ...window('kill', 'orchestrator-1', 1_000, 2_000), owned: [0] }],
    AROUND,
  );
  expect(kinds.map(({ sort, asked, maxMs }) => [sort, asked, maxMs])).toEqual([
    ['orchestrator: its shards', 1, 202],
    ['orchestrator: shards of others', 1, 52],
  ]);
});

test('replicas of one service are counted together, and only shards that were hit make the median', () => {
  const { kinds, calm } = availabilityOf(
    [every50(3_000, (at) => at === 1_000 || at === 2_000 || at === 2_050), every50(3_000, () => false)],
    [window('kill', 'orchestrator-1', 1_000, 2_000), window('kill', 'orchestrator-2', 2_000, 3_000)],
    AROUND,
  );
  expect(kinds).toEqual([
    { kind: 'kill', sort: 'orchestrator', times: 2, hit: 2, asked: 4, p50Ms: 52, maxMs: 102 },
  ]);
  expect(calm).toEqual({ probes: 40, failed: 0, p50Ms: 2, p99Ms: 2 });
});

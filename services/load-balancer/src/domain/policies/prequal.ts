import { rankDraws, type Score } from './draws';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

/** As many as Prequal probes for each request in its evaluation; YouTube probes 5. */
const DRAWS = 3;

const latency: Score = (index, { latencyMs }) => latencyMs[index] as number;

/**
 * Hot–cold lexicographic (Prequal: Wydrowski et al., NSDI 2024), for endpoints with slots: hot is who has no free slot, and is not
 * in the view at all, where Prequal calls those hot that have more requests in flight than 84% of what it has seen; of cold ones that
 * are drawn at random, the one with the lowest latency. What Prequal learns by probes, heartbeats and outcomes tell here. The
 * published rule, with probes, is simulated beside it (`npm run bench -- routing`).
 */
export const prequal: Policy = {
  name: 'prequal',
  summary: 'the shortest recent attempts, of three at random with a free slot',
  rank: (view, _item, aids) => rankDraws(view, aids, DRAWS, latency),
  because: (ranked, counts) =>
    onlyOne(ranked, counts) ?? 'lowest latency of those drawn at random with a free slot',
};

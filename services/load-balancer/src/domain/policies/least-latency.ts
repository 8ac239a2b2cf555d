import { rankDraws, type Score } from './draws';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

const DRAWS = 2;
/** Of one that is busy and has not answered yet: it may be bad, and gets more only where the other is no better, ms. */
const UNKNOWN_MS = 1e9;

const latencyByLoad: Score = (index, columns) => {
  const busy = columns.busy[index] as number;
  const latencyMs = columns.latencyMs[index] as number;
  return (latencyMs === 0 && busy > 0 ? UNKNOWN_MS : latencyMs) * (busy + 1);
};

/**
 * The lower peak EWMA of how long attempts take, times one more than run there, of two drawn at random (Finagle's `p2c_peak_ewma`;
 * also Linkerd's). Failures count as long attempts.
 */
export const leastLatency: Policy = {
  name: 'least-latency',
  summary: 'the shorter recent attempts, times those that run, of two at random',
  rank: (view, _item, aids) => rankDraws(view, aids, DRAWS, latencyByLoad),
  because: (ranked, counts) => onlyOne(ranked, counts) ?? 'lower latency and load of two drawn at random',
};

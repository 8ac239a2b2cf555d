import type { Limit } from '@multiswarm/contracts';
import { usageFault } from '../faults';
import { parseDuration } from '../output/durations';

const HINT =
  'write it like 10 (at the same time), 100/1s (starts in any second), 10,100/1s (both), or none to take it off';

/** What a limit is written as: attempts at the same time, starts in any window of a time, or both. `none` is undefined. */
export function limitOption(name: string, text: string): Limit | undefined {
  if (text.trim() === 'none') return undefined;
  const limit: Limit = {};
  for (const part of text.split(',').map((word) => word.trim())) {
    const [count = '', per, ...rest] = part.split('/');
    const perMs = per === undefined ? undefined : parseDuration(per);
    const isTwice = per === undefined ? limit.concurrency !== undefined : limit.rate !== undefined;
    if (!/^\d+$/.test(count) || rest.length > 0 || isTwice || (per !== undefined && perMs === undefined))
      throw usageFault(`${name}: "${text}" is no limit`, HINT);
    if (perMs === undefined) limit.concurrency = Number(count);
    else limit.rate = { tasks: Number(count), perMs };
  }
  return limit;
}

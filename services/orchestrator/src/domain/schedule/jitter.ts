import { hash } from 'node:crypto';
import type { Conduct } from './schedule';

const DIGITS = 12;

/**
 * When the run for a time starts: later than the time by a part of the jitter that comes from the schedule and the time alone, so
 * that whoever works it out again gets the same instant. It is before the next time, so that starts are in the order of times.
 */
export function startOf({ id, times, jitterMs }: Conduct, at: number): number {
  if (jitterMs === 0) return at;
  const following = times.next(at);
  const most = following === undefined ? jitterMs : Math.min(jitterMs, following - at);
  return at + Math.floor(fraction(`${id} ${at}`) * most);
}

/** From 0 to below 1, evenly. */
function fraction(text: string): number {
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, DIGITS), 16) / 16 ** DIGITS;
}

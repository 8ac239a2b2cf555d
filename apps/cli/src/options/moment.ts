import { usageFault } from '../faults';
import { parseDuration } from '../output/durations';

/** An instant as the API wants it: `2024-06-01T12:00:00Z` with any offset, or a duration from now such as `10m`. */
export function momentOption(name: string, now: () => number): (text: string) => string {
  return moment(name, (ms) => now() + ms, 'a duration from now');
}

/** The same of what is over: a duration is so long ago. */
export function pastMomentOption(name: string, now: () => number): (text: string) => string {
  return moment(name, (ms) => now() - ms, 'a duration until now');
}

function moment(name: string, distant: (ms: number) => number, what: string): (text: string) => string {
  return (text) => {
    const ms = parseDuration(text) ?? NaN;
    const at = Number.isNaN(ms) ? instantOf(text) : distant(ms);
    // Further away than any calendar: what was meant is something else.
    if (Math.abs(at) <= LATEST) return new Date(at).toISOString();
    throw usageFault(
      `${name}: "${text}" is neither an instant nor ${what}`,
      'write it like 2024-06-01T12:00:00Z, 2024-06-01T14:00+02:00, 10m or 2h',
    );
  };
}

const LATEST = Date.UTC(9999, 11, 31);
/** With a zone: an hour that depends on the machine would be another one on the next. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/i;

function instantOf(text: string): number {
  return INSTANT.test(text.trim()) ? Date.parse(text.trim()) : NaN;
}

import type { Finding, ScheduleSpec } from '@multiswarm/contracts';
import { Cron } from 'croner';
import type { Times } from '../domain/schedule/schedule';

/**
 * The times of a schedule by its cron and time zone.
 *
 * T1. A fixed time (hour and minute without `*` and `/`) that the clock leaves out comes right behind the gap; one that the clock
 *     has twice comes once, the first time. So a daily run is there every day, once.
 * T2. Other times come as the clock on the wall shows them: none in a gap, both where it has them twice. So what comes every
 *     fifteen minutes goes on doing so.
 */
export function cronTimes(timing: Timing): Times {
  const key = JSON.stringify([timing.cron, timing.timeZone, timing.from, timing.until]);
  let times = read.get(key);
  if (!times) {
    if (read.size >= TIMES_KEPT) read.clear();
    read.set(key, (times = remembered(readTimes(timing))));
  }
  return times;
}

/** To find the next time takes a hundred times as long as to remember it. */
const TIMES_KEPT = 1_000;
const read = new Map<string, Times>();

function readTimes({ cron, timeZone, from, until }: Timing): Times {
  const pattern = new Cron(cron, { ...OPTIONS, timezone: timeZone });
  const least = from === undefined ? -Infinity : Date.parse(from) - 1;
  const most = until === undefined ? Infinity : Date.parse(until);
  return {
    next: (after) => {
      const at = pattern.nextRun(new Date(Math.max(after, least)))?.getTime();
      return at === undefined || at > most ? undefined : at;
    },
  };
}

/** The last answers: each holds from where it was asked for up to what it says. */
function remembered(times: Times): Times {
  let known: { after: number; at: number | undefined }[] = [];
  return {
    next: (after) => {
      const found = known.find((each) => each.after <= after && (each.at === undefined || after < each.at));
      if (found) return found.at;
      const at = times.next(after);
      known = [{ after, at }, ...known.slice(0, 3)];
      return at;
    },
  };
}

export type Timing = Pick<ScheduleSpec, 'cron' | 'timeZone' | 'from' | 'until'>;

const OPTIONS = { paused: true, mode: '5-part', fixedTimeRule: 'no-wildcard' } as const;
const NICKNAME = /^@(yearly|annually|monthly|weekly|daily|hourly)$/i;

/** Everything that is wrong with when it starts. */
export function timingFaults({ cron, timeZone, from, until }: Timing, now: number): Finding[] {
  const findings: Finding[] = [];
  const found = (pointer: string, code: string, message: string) => findings.push({ pointer, code, message });
  const zone = fault(() => new Intl.DateTimeFormat('en', { timeZone }));
  if (zone !== undefined)
    found(
      '/timeZone',
      'time-zone',
      `"${timeZone}" is no time zone of the IANA database, such as Europe/Berlin`,
    );
  const unread = NICKNAME.test(cron) ? undefined : (fieldFault(cron) ?? fault(() => new Cron(cron, OPTIONS)));
  if (unread !== undefined) found('/cron', 'cron', unread);
  if (from !== undefined && until !== undefined && Date.parse(until) < Date.parse(from))
    found('/until', 'range', 'it is before "from"');
  if (findings.length === 0 && cronTimes({ cron, timeZone, from, until }).next(now) === undefined)
    found('/cron', 'no-time', 'no time comes any more: look at day and month, and at "until"');
  return findings;
}

function fieldFault(cron: string): string | undefined {
  if (cron.startsWith('@')) return 'names of times are @hourly, @daily, @weekly, @monthly and @yearly';
  if (cron.includes('?')) return 'no field may be "?": what it stands for depends on when it is read';
  const fields = cron.trim().split(/\s+/).length;
  return fields === 5
    ? undefined
    : `it has ${fields} fields, not five: minute, hour, day of month, month, day of week`;
}

function fault(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
  }
}

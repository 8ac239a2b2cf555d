import { LIMITS, PRIORITIES, type NextEvent, type StandingReply } from '@multiswarm/contracts';
import { timersOf, type Timer } from '../task/due';
import type { TaskRecord } from '../task/record';
import { iso } from '../task/times';

type Told = Omit<NextEvent, 'at'>;

/** What each timer of a task does when nothing else happens before. */
const WHAT: Record<Timer, (record: TaskRecord) => Told> = {
  deadline: () => ({ kind: 'deadline', detail: 'it expires, in whatever state: timeouts.deadline' }),
  'cancel-grace': () => ({
    kind: 'cancel-grace',
    detail: `it ends as cancelled, whatever its swarm says: ${LIMITS.CANCEL_GRACE_MS} ms after the cancel`,
  }),
  'start-to-close': ({ attempt, failures, spec: { retry, timeouts } }) => ({
    kind: 'attempt-timeout',
    detail: `attempt ${attempt} has timed out after ${timeouts.startToCloseMs ?? 0} ms (timeouts.startToCloseMs)${
      failures + 1 < retry.maxAttempts ? ', and another one follows' : ', and the task fails'
    }`,
  }),
  'schedule-to-start': ({ spec }) => ({
    kind: 'schedule-to-start-timeout',
    detail: `it expires unless a swarm has accepted it: timeouts.scheduleToStartMs, ${spec.timeouts.scheduleToStartMs ?? 0} ms`,
  }),
  'total-time': ({ spec }) => ({
    kind: 'total-time',
    detail: `it fails unless its next attempt has begun: retry.totalMs, ${spec.retry.totalMs ?? 0} ms`,
  }),
  'signal-wait': ({ spec }) => ({
    kind: 'signal-timeout',
    detail: `it expires unless the signal "${spec.waitFor?.signal ?? ''}" has come: waitFor.timeoutMs`,
  }),
  'not-before': ({ spec }) => ({
    kind: 'not-before',
    detail: spec.waitFor ? 'it begins to wait for its signal' : 'it goes into the queue',
  }),
  wake: () => ({ kind: 'wake', detail: 'it has waited long enough, and succeeds' }),
  backoff: ({ paused }) => ({
    kind: 'retry',
    detail: paused ? 'it goes into the queue, where it stays while it is paused' : 'it goes into the queue',
  }),
};

/** What will happen by itself, the earliest first. */
export function nextEvents(record: TaskRecord, standing: StandingReply | undefined): NextEvent[] {
  const timed = timersOf(record).map(({ timer, at }) => ({
    ...WHAT[timer](record),
    at: iso(told(timer, at)),
  }));
  return [...timed, ...inTheQueue(standing)].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** The swarm ends an attempt in time by itself; the owner's timer is for one that does not. */
function told(timer: Timer, at: number): number {
  return timer === 'start-to-close' ? at - LIMITS.TIMEOUT_GRACE_MS : at;
}

function inTheQueue({ line, limits = [] }: Partial<StandingReply> = {}): NextEvent[] {
  const rates = limits.flatMap(({ key, nextStartAt: at }): NextEvent[] => {
    if (at === undefined) return [];
    const whose = key === undefined ? 'of the namespace' : `"${key}"`;
    return [{ kind: 'rate', at, detail: `the rate ${whose} lets the next one start` }];
  });
  if (line?.risesAt === undefined) return rates;
  const higher = PRIORITIES[PRIORITIES.indexOf(line.band) - 1] ?? line.band;
  const rise = `it goes with those of priority ${higher}, if it still waits`;
  return [...rates, { kind: 'rise', at: line.risesAt, detail: rise }];
}

import type { LbReport } from '@multiswarm/contracts';
import type { Sign } from './breaker';

type Reported = LbReport['outcomes'][number];
/** How an attempt ended, as far as it says something about its swarm. */
export type AttemptEnd = Pick<Reported, 'outcome' | 'type' | 'fault' | 'durationMs'>;

/** H2 of the health book: only what a swarm can help counts against it. */
export function signOf({ outcome, fault }: AttemptEnd): Sign {
  switch (outcome) {
    case 'succeeded':
      return 'succeeded';
    case 'failed':
      return fault === 'task' ? 'neutral' : 'failed';
    case 'timed-out':
    case 'lost':
      return 'failed';
    case 'refused':
      return 'busy';
    case 'cancelled':
    case 'unused':
      return 'neutral';
  }
}

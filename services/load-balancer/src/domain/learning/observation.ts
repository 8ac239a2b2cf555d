import type { LbReport } from '@multiswarm/contracts';
import type { Observation } from './learner';

type Outcome = LbReport['outcomes'][number];

/** Of how attempts end, what shows how well a class does: those that never ran, or that somebody stopped, do not. */
const SHOWN: Readonly<Record<Outcome['outcome'], Observation['outcome'] | undefined>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  lost: 'failed',
  'timed-out': 'failed',
  cancelled: undefined,
  refused: undefined,
  unused: undefined,
};
const DEFAULT_NAMESPACE = 'default';

/** What an end shows of the class of the swarm that ran the attempt; undefined where it shows nothing. */
export function observationOf(
  { outcome, type, namespace = DEFAULT_NAMESPACE, durationMs, fault }: Outcome,
  swarm: { swarmClass: string; costPerSlotHour: number },
): Observation | undefined {
  const shown = SHOWN[outcome];
  // What any swarm would have failed with says nothing of this one.
  if (shown === undefined || type === undefined || (outcome === 'failed' && fault === 'task'))
    return undefined;
  return { namespace, type, outcome: shown, durationMs, ...swarm };
}

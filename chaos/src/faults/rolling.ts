import { LEAF_ORCHESTRATOR, BALANCERS, COMMUNICATORS, ORCHESTRATORS, SWARMS } from '../system/settings';
import type { Step } from './plan';

/** Each service and each swarm, one after the other: first told to end and started again, then the same with SIGKILL. */
export function rollingPlan(): Step[] {
  const targets = [
    ...[...ORCHESTRATORS, LEAF_ORCHESTRATOR, ...BALANCERS, ...COMMUNICATORS],
    ...SWARMS.map(({ id }) => id),
  ];
  return (['restart', 'kill'] as const).flatMap((kind) =>
    targets.map((target): Step => [{ kind, target, forMs: 0 }]),
  );
}

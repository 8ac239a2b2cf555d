import { LIMITS, MultiswarmError, type Finding, type Waiting } from '@multiswarm/contracts';

/** Where in the request each rule was asked for. */
const POINTERS: Partial<Record<string, string>> = {
  kind: '/kind',
  type: '/type',
  capability: '/requirements/capabilities',
  region: '/requirements/region',
  label: '/requirements/labels',
  attribute: '/requirements/attributes',
  resources: '/requirements/resources',
  price: '/requirements/maxCostPerSlotHour',
  locality: '/routing/localityWaitMs',
  apart: '/routing/apart',
  spread: '/routing/spread',
};

function findingsOf(waiting: Waiting | undefined): Finding[] {
  const unmet = waiting?.unmet ?? [];
  if (unmet.length === 0)
    return [{ pointer: '', code: waiting?.reason ?? 'no-slot', message: waiting?.detail ?? '' }];
  return unmet.slice(0, LIMITS.FINDINGS).map(({ rule, detail, count, examples }) => ({
    pointer: POINTERS[rule] ?? '',
    code: rule,
    message: `nobody offers ${detail}: ${count} ${count === 1 ? 'swarm fails' : 'swarms fail'} this (${examples.join(', ')})`,
  }));
}

/** What somebody is told whose request nobody can take now: a finding for each reason. */
export function noPlacement(waiting: Waiting | undefined): MultiswarmError {
  return new MultiswarmError('no-placement', waiting?.detail ?? 'nothing was decided', {
    findings: findingsOf(waiting),
  });
}

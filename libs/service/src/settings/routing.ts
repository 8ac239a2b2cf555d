import { setting } from './setting';
import { anyListOf, integer, matching } from './value-types';

/** What the load-balancer keeps of its decisions, and users' own policies. */
export const ROUTING_SETTINGS = {
  DECISIONS_KEPT: setting({
    type: integer(0, 1_000_000),
    default: 10_000,
    unit: 'decisions',
    description: 'The last decisions that each replica of the load-balancer keeps to be read, in memory.',
    services: ['load-balancer'],
    since: 'now',
  }),
  REPLAYS_KEPT: setting({
    type: integer(0, 20_000),
    default: 1_000,
    unit: 'decisions',
    description:
      'Decisions that each replica keeps with all that the policy saw, to be [replayed](receipts.md#what-another-policy-would-have-decided) against another one: about 7 KB each, in memory.',
    services: ['load-balancer'],
    since: 'now',
  }),
  RESPONSE_TIME_THRESHOLD_MS: setting({
    type: integer(1, 365 * 24 * 3_600_000),
    default: 500,
    unit: 'ms',
    description:
      'Longer response times count as slow in `GET /v1/routing/metrics`. It moves no work: types differ too much, so [health](health.md) compares swarms with others of the same type.',
    services: ['load-balancer'],
    since: 'now',
  }),
  REGION_LATENCIES: setting({
    type: matching('the path of a file, or nothing', /^.*$/),
    default: '',
    description:
      'A file with latencies between regions, for `near`: JSON `{"eu-west": {"us-east": 80}}`, or lines `from,to,ms`; see [requirements](requirements.md#how-far-regions-are-apart).',
    services: ['load-balancer'],
    since: 'now',
  }),
  LEARNING_HALF_LIFE_MS: setting({
    type: integer(60_000, 365 * 24 * 3_600_000),
    default: 6 * 3_600_000,
    unit: 'ms',
    description:
      'After this time an attempt counts half in what the load-balancer has learned of its type and class of swarms.',
    services: ['load-balancer'],
    since: 'now',
  }),
  CUSTOM_POLICIES: setting({
    type: anyListOf(matching('name=path, with a name of a-z, 0-9 and -', /^[a-z0-9][a-z0-9-]{0,63}=.+$/)),
    default: [],
    description:
      "Users' own routing policies: the policy `custom:name` is the function `rank` that this JavaScript file exports. A relative path starts at the working directory of the service.",
    services: ['load-balancer'],
    since: 'now',
  }),
  CUSTOM_POLICY_LIMIT_MS: setting({
    type: integer(1, 10_000),
    default: 100,
    unit: 'ms',
    description:
      'Time in which such a policy must answer for a batch. One that does not is stopped, and `hybrid` places the batch.',
    services: ['load-balancer'],
    since: 'now',
  }),
};

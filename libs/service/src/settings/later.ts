import { setting } from './setting';
import { flag, oneOf, share } from './value-types';

/** Settings that are known and validated, but whose feature is not there yet: who sets one is told so. */
export const LATER_SETTINGS = {
  AUTO_SCALING: setting({
    type: flag(),
    default: false,
    description: 'Adds and removes capacity by load.',
    services: ['load-balancer'],
    since: 'later',
    laterNote: 'nothing is scaled until the autoscaler is there',
    aliases: ['auto_scaling_enabled'],
  }),
  AUTO_SCALE_UP_THRESHOLD: setting({
    type: share(),
    default: 0.8,
    description: 'Utilisation above which capacity is added.',
    services: ['load-balancer'],
    since: 'later',
    laterNote: 'nothing is scaled until the autoscaler is there',
  }),
  AUTO_SCALE_DOWN_THRESHOLD: setting({
    type: share(),
    default: 0.3,
    description: 'Utilisation below which capacity is removed.',
    services: ['load-balancer'],
    since: 'later',
    laterNote: 'nothing is scaled until the autoscaler is there',
  }),
  COST_OPTIMIZATION: setting({
    type: flag(),
    default: false,
    description: 'Prefers cheaper swarms where the task allows it.',
    services: ['load-balancer'],
    since: 'later',
    laterNote: 'price does not rank swarms until the cost policy is there',
    aliases: ['cost_optimization_enabled'],
  }),
  RESOURCE_SHARING: setting({
    type: flag(),
    default: false,
    description: 'Lets swarms lend spare resources to others.',
    services: ['communicator'],
    since: 'later',
    laterNote:
      'every swarm may make and claim offers, whatever it says: it is looked at once there are pools and quotas',
    aliases: ['resource_sharing_enabled'],
  }),
  PERFORMANCE_MONITORING: setting({
    type: flag(),
    default: true,
    description: 'Watches for anomalies and raises alerts.',
    services: ['orchestrator'],
    since: 'later',
    laterNote: 'metrics are always collected and shown at /metrics; alerts come with the monitor',
    aliases: ['performance_monitoring_enabled'],
  }),
  FAULT_TOLERANCE_LEVEL: setting({
    type: oneOf(['low', 'medium', 'high']),
    default: 'high',
    description: 'A preset for retries and replicas.',
    services: ['orchestrator'],
    since: 'later',
    laterNote:
      'until presets are there, each task has its retry policy, and COMMIT_REPLICAS its number of replicas',
  }),
};

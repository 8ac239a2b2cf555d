import { CUSTOM_POLICY } from '@multiswarm/contracts';
import type { SettingName, Settings } from './catalogue';

export interface SettingsRule {
  settings: readonly SettingName[];
  holds(values: Settings): boolean;
  message: string;
}

/** What must hold between settings. */
export const RULES: readonly SettingsRule[] = [
  {
    settings: ['SHARD_LEASE_RENEW_MS', 'SHARD_LEASE_MS'],
    holds: (values) => values.SHARD_LEASE_RENEW_MS * 2 <= values.SHARD_LEASE_MS,
    message:
      'SHARD_LEASE_RENEW_MS may be at most half of SHARD_LEASE_MS: one lost renewal must not lose the shard',
  },
  {
    settings: ['HEARTBEAT_MS', 'REGION_TIMEOUT_MS'],
    holds: (values) => values.HEARTBEAT_MS * 2 <= values.REGION_TIMEOUT_MS,
    message:
      'HEARTBEAT_MS may be at most half of REGION_TIMEOUT_MS: one lost summary must not lose the attempts',
  },
  {
    settings: ['AUTO_SCALE_DOWN_THRESHOLD', 'AUTO_SCALE_UP_THRESHOLD'],
    holds: (values) => values.AUTO_SCALE_DOWN_THRESHOLD < values.AUTO_SCALE_UP_THRESHOLD,
    message: 'AUTO_SCALE_DOWN_THRESHOLD must be below AUTO_SCALE_UP_THRESHOLD',
  },
  {
    settings: ['CUSTOM_POLICIES'],
    holds: ({ CUSTOM_POLICIES: policies }) =>
      new Set(policies.map((one) => one.split('=', 1)[0])).size === policies.length,
    message: 'CUSTOM_POLICIES may name each policy once',
  },
  {
    settings: ['LOAD_BALANCING_ALGORITHM', 'CUSTOM_POLICIES'],
    holds: ({ LOAD_BALANCING_ALGORITHM: policy, CUSTOM_POLICIES: own }) =>
      !policy.startsWith(CUSTOM_POLICY) ||
      own.some((one) => one.startsWith(`${policy.slice(CUSTOM_POLICY.length)}=`)),
    message: 'LOAD_BALANCING_ALGORITHM names a policy of your own that CUSTOM_POLICIES does not name',
  },
];

import { systemRandom, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { LoadBalancerConfig } from '../../config';
import type { CustomPolicy } from '../../ports';
import { CustomPolicyHost } from './custom-policy-host';

/**
 * Starts the users' own policies, and waits until it is known of each whether it can be used. One that cannot is said to be
 * off, and the service starts without it.
 */
export async function startCustomPolicies(
  config: Pick<LoadBalancerConfig, 'customPolicies' | 'customPolicyLimitMs'>,
  { clock, logger, onOff }: { clock: Clock; logger: Logger; onOff: (policy: string, reason: string) => void },
): Promise<{ all: readonly CustomPolicy[]; stop(): Promise<void> }> {
  const hosts = config.customPolicies.map(({ name, path }) => {
    const policy = `custom:${name}`;
    return new CustomPolicyHost({
      ...{ name, path, clock, limitMs: config.customPolicyLimitMs, random: systemRandom },
      onChange: ({ state, reason, strikes }) => {
        if (state === 'off') {
          logger.error("a user's own policy is off", { policy, reason });
          onOff(policy, reason ?? '');
        } else if (state === 'restarting')
          logger.warn("a user's own policy was stopped", { policy, reason, strikes });
        else logger.info(`a user's own policy is ${state}`, { policy });
      },
      onSaid: (text) => logger.debug("a user's own policy says", { policy, text }),
    });
  });
  await Promise.all(hosts.map((host) => host.settled()));
  return {
    all: hosts,
    stop: async () => {
      await Promise.all(hosts.map((host) => host.stop()));
    },
  };
}

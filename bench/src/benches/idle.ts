import { setTimeout as delay } from 'node:timers/promises';
import { withCpu } from '../cpu';
import type { Figure } from '../report';
import { rounded } from '../statistics';
import { startDeployment } from '../systems/deployment';
import type { Bench } from './bench';

const SLOTS = 10;
const SETTLE_MS = 5_000;
const WATCH_MS = { full: 10_000, quick: 5_000 };

/**
 * Share of a core that each process takes while many tasks wait and every slot is taken by an attempt that does not end:
 * the price of waiting.
 */
export const idle: Bench = async (options, progress) => {
  const { waiting, runs, appendfsync, quick } = options;
  const shares = new Map<string, number[]>();
  let serverVersions: Record<string, string> = {};
  for (let run = 1; run <= runs; run++) {
    const deployment = await startDeployment({
      appendfsync,
      swarms: [{ id: 'bench', slots: SLOTS, gated: true }],
    });
    serverVersions = deployment.serverVersions;
    try {
      await deployment.pile(waiting + SLOTS, 'noop');
      // Outboxes are emptied and garbage is collected: that belongs to the submission.
      await delay(SETTLE_MS);
      const watch = withCpu(deployment.processes, () => delay(WATCH_MS[quick ? 'quick' : 'full']));
      const { used, wallMs, foreignCores } = await Promise.race([watch, deployment.anyFailed]);
      const seen = Object.entries(used).map(([name, { processMs }]) => {
        const share = (100 * processMs) / wallMs;
        shares.set(name, [...(shares.get(name) ?? []), share]);
        return `${name} ${rounded(share)} %`;
      });
      progress(`run ${run}/${runs}  ${seen.join(', ')} (${rounded(foreignCores)} cores busy with others)`);
    } finally {
      await deployment.stop();
    }
  }
  const settings = { waiting, slots: SLOTS, runs, appendfsync };
  return [...shares].map(([name, values]): Figure => ({
    ...{ bench: 'idle', metric: `cpu of ${name}`, unit: '% of a core', settings, serverVersions },
    own: { name: 'multiswarm', runs: values },
  }));
};

import { LIMITS } from '@multiswarm/contracts';
import { assemble, type AssembleParts, type Assembled } from '../../../services/orchestrator/src/assemble';
import { copyCodec } from '../../../services/orchestrator/src/adapters/store/copy-codec';
import type { Meters } from '../../../services/orchestrator/src/application/meters';
import {
  copyStore,
  incarnations,
  shardInspector,
  shardStore,
  truthReader,
  type SimShards,
} from '../stores/sim-shard-store';
import { noDefinitions } from '../stores/definitions';
import { noSchedules } from '../stores/schedules';
import { cordonStore, handover, namespaceStore, type SettingsTables } from '../stores/settings';
import { TIMES, type Plan } from '../scenario/plan';
import { REGIONS } from '../scenario/submissions';
import { CENTRE } from '../world/geography';
import type { SimProcess } from '../world/process';
import type { World } from '../world/world';
import type { Failed, Program, Running } from './node';

export interface OrchestratorParts {
  world: World;
  shards: SimShards;
  settings: SettingsTables;
  plan: Plan;
  failed: Failed;
}

const noMeters: Meters = {
  committed: () => undefined,
  assigned: () => undefined,
  dispatched: () => undefined,
  lost: () => undefined,
  ended: () => undefined,
  schedules: { decided: () => undefined, late: () => undefined },
};

/** Of all shards that this replica has. */
async function deepChecks(assembled: Assembled): Promise<string[]> {
  const all = await Promise.all(assembled.global.ownedShards.map((shard) => deepCheck(assembled, shard)));
  return all.flat();
}

/** @returns what differs; nothing where the shard changes hands meanwhile, or somebody cannot be asked */
async function deepCheck({ orchestrator }: Assembled, shard: number): Promise<string[]> {
  let run: string | undefined;
  for (;;) {
    const asked = {
      shard,
      repair: false,
      waitMs: LIMITS.CHECK_WAIT_MS,
      ...(run === undefined ? {} : { run }),
    };
    const report = await orchestrator.shards.check(asked).catch(() => undefined);
    if (!report) return [];
    run = report.run;
    if (report.state !== 'running')
      return report.findings.map(
        ({ kind, of, expected, found }) =>
          `${kind} in shard ${shard}: ${of} should be ${expected}, is ${found}`,
      );
  }
}

/** One replica, put together by the orchestrator itself from the ports of the world. */
export function orchestratorProgram(
  parts: OrchestratorParts,
  name: string,
  site: string,
  roles: 'both' | 'global' | 'regional',
): Program {
  return {
    name,
    site,
    start: (process: SimProcess): Running => {
      const { world, shards, settings, plan } = parts;
      const { clock, random, ids } = process;
      const bus = world.bus(process);
      const config: AssembleParts['config'] = {
        shards: plan.shards,
        global: roles !== 'regional',
        regional: roles !== 'global',
        regions: site === CENTRE ? [...REGIONS] : [site],
        maxRegions: 8,
        maxSwarmsPerRegion: 16,
        ...TIMES,
        retentionMs: 3_600_000,
        successRateThreshold: 0.9,
        utilizationThreshold: 0.9,
      };
      const assembled = assemble({
        ...{ config, bus, clock, random, ids, replica: process.name.replace('.', '-'), version: 'simulated' },
        shardStore: shardStore(process, shards),
        truth: truthReader(process, shards),
        inspector: shardInspector(process, shards),
        incarnations: incarnations(process, shards),
        copies: copyStore(process, shards),
        copyCodec,
        lastEvents: () => Promise.resolve(undefined),
        leases: world.leasesOf(process),
        handover: handover(process, world.redis, settings),
        namespaces: namespaceStore(process, world.redis, settings),
        definitions: noDefinitions,
        schedules: noSchedules,
        cordons: cordonStore(process, world.redis, settings, world.leases),
        logger: world.logger(process),
        meters: noMeters,
        onAccepted: () => undefined,
        memory: plan.memory,
      });
      assembled.start().catch((error: unknown) => parts.failed(process, error));
      return {
        process,
        stop: () => assembled.stop().then(() => bus.close()),
        check: () => deepChecks(assembled),
        explain: async (ids) => assembled.global.activeScheduler?.explain(ids) ?? {},
        left: () => {
          const scheduler = assembled.global.activeScheduler;
          return scheduler === undefined || scheduler.queued === 0
            ? []
            : [`${scheduler.queued} queued tasks`];
        },
      };
    },
  };
}

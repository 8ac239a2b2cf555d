import { MultiswarmError } from '@multiswarm/contracts';
import type { Settings } from '@multiswarm/service';

/** What the orchestrator takes of the settings, in its own words. */
export function orchestratorConfig(settings: Settings) {
  const roles = list(settings.ORCHESTRATOR_ROLES);
  const unknown = roles.filter((role) => role !== 'global' && role !== 'regional');
  if (unknown.length > 0) {
    const message = `"${unknown.join(', ')}" is no role: use global, regional or both`;
    throw new MultiswarmError('invalid-configuration', message, {
      findings: [{ pointer: '/ORCHESTRATOR_ROLES', code: 'role', message }],
    });
  }
  return {
    natsUrl: settings.NATS_URL,
    redisUrl: settings.REDIS_URL,
    commitReplicas: settings.COMMIT_REPLICAS,
    eventReplicas: settings.STREAM_REPLICAS,
    eventLimits: { maxAgeMs: settings.EVENT_STREAM_MAX_AGE_MS, maxBytes: settings.EVENT_STREAM_MAX_BYTES },
    checkDurability: settings.REDIS_DURABILITY_CHECK,
    shards: settings.SHARDS,
    global: roles.includes('global'),
    regional: roles.includes('regional'),
    regions: list(settings.ORCHESTRATOR_REGIONS),
    maxRegions: settings.MAX_REGIONS,
    maxSwarmsPerRegion: settings.MAX_SWARMS_PER_REGION,
    leaseMs: settings.SHARD_LEASE_MS,
    renewMs: settings.SHARD_LEASE_RENEW_MS,
    attemptLeaseMs: settings.ATTEMPT_LEASE_MS,
    slotKeptMs: settings.SLOT_KEPT_MS,
    regionTimeoutMs: settings.REGION_TIMEOUT_MS,
    summaryMs: settings.HEARTBEAT_MS,
    retentionMs: settings.TASK_RETENTION_MS,
    attemptStream: { maxBytes: settings.ATTEMPT_STREAM_BYTES, maxAgeMs: settings.ATTEMPT_STREAM_MS },
    payloads: {
      storeBytes: settings.PAYLOAD_STORE_BYTES,
      graceMs: settings.PAYLOAD_GRACE_MS,
      sweepMs: settings.PAYLOAD_SWEEP_MS,
    },
    successRateThreshold: settings.SUCCESS_RATE_THRESHOLD,
    utilizationThreshold: settings.RESOURCE_UTILIZATION_THRESHOLD,
  };
}
export type OrchestratorConfig = ReturnType<typeof orchestratorConfig>;

/** What the engine needs of it; the rest says where Redis and NATS are. */
export type EngineConfig = Omit<
  OrchestratorConfig,
  | 'natsUrl'
  | 'redisUrl'
  | 'commitReplicas'
  | 'eventReplicas'
  | 'eventLimits'
  | 'checkDurability'
  | 'payloads'
  | 'attemptStream'
>;

function list(value: string | readonly string[]): string[] {
  return typeof value === 'string'
    ? value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    : [...value];
}

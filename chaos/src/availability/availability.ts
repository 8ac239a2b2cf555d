import { outagesOf, quantile, type Outage, type Probe } from './outages';

/** A time in which something was done to one part of the system, or nothing to any. */
export interface Window {
  readonly kind: string;
  readonly target: string;
  /** The shards that the target had. */
  readonly owned: readonly number[];
  readonly from: number;
  readonly until: number;
}

/** What one shard had of one fault. */
export interface ShardAvailability {
  readonly kind: string;
  readonly target: string;
  /** Since the load began. */
  readonly atMs: number;
  readonly shard: number;
  /** Whose it was: the target's, another one's, or nobody knows of a target that could have any. */
  readonly owner?: 'target' | 'other';
  readonly probes: number;
  readonly failed: number;
  readonly outages: number;
  /** All outages together. */
  readonly unavailableMs: number;
  readonly longestMs: number;
}

/** All faults of one kind that hit programs of one sort. */
export interface KindAvailability {
  readonly kind: string;
  readonly sort: string;
  readonly times: number;
  /** Of all shards, all times: how many did not answer at some moment. */
  readonly hit: number;
  readonly asked: number;
  /** Of those that were hit. */
  readonly p50Ms: number;
  readonly maxMs: number;
}

export interface Availability {
  readonly lateMs: number;
  readonly everyMs: number;
  /** Before anything was done: what the measurement itself and the machine show. */
  readonly calm: { readonly probes: number; readonly failed: number; p50Ms: number; p99Ms: number };
  readonly lines: readonly ShardAvailability[];
  readonly kinds: readonly KindAvailability[];
}

/**
 * An outage belongs to the window in which it begins.
 * @param windows in the order of time; those that overlap share what happens in them
 */
export function availabilityOf(
  probes: readonly (readonly Probe[])[],
  windows: readonly Window[],
  { from, lateMs, everyMs }: { from: number; lateMs: number; everyMs: number },
): Availability {
  const outages = probes.map((each) => outagesOf(each));
  const lines = windows.flatMap((window) =>
    probes.map((each, shard) => lineOf(window, shard, each, outages[shard] ?? [], from)),
  );
  const firstAt = windows[0]?.from ?? Infinity;
  const calm = probes.flat().filter(({ at }) => at < firstAt);
  const took = calm.filter(({ ok }) => ok).map(({ tookMs }) => tookMs);
  return {
    ...{ lateMs, everyMs, lines, kinds: kindsOf(lines) },
    calm: {
      ...{ probes: calm.length, failed: calm.length - took.length },
      ...{ p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) },
    },
  };
}

function lineOf(
  { kind, target, owned, from, until }: Window,
  shard: number,
  probes: readonly Probe[],
  outages: readonly Outage[],
  loadFrom: number,
): ShardAvailability {
  const own = probes.filter(({ at }) => at >= from && at < until);
  const lengths = outages
    .filter((outage) => outage.from >= from && outage.from < until)
    .map((outage) => outage.until - outage.from);
  return {
    ...{ kind, target, atMs: from - loadFrom, shard },
    ...(owned.length === 0 ? {} : { owner: owned.includes(shard) ? 'target' : 'other' }),
    ...{ probes: own.length, failed: own.filter(({ ok }) => !ok).length, outages: lengths.length },
    unavailableMs: Math.round(lengths.reduce((sum, each) => sum + each, 0)),
    longestMs: Math.round(Math.max(0, ...lengths)),
  };
}

/** Replicas of one service are one sort, and so are swarms. */
function kindsOf(lines: readonly ShardAvailability[]): KindAvailability[] {
  const groups = new Map<string, ShardAvailability[]>();
  for (const line of lines) {
    const key = `${line.kind} ${sortOf(line)}`;
    const group = groups.get(key);
    if (group) group.push(line);
    else groups.set(key, [line]);
  }
  return [...groups.values()].map((group) => {
    const hit = group.map(({ unavailableMs }) => unavailableMs).filter((ms) => ms > 0);
    return {
      ...{ kind: group[0]?.kind ?? '', sort: group[0] ? sortOf(group[0]) : '' },
      times: new Set(group.map(({ atMs, target }) => `${atMs} ${target}`)).size,
      ...{ hit: hit.length, asked: group.length, p50Ms: quantile(hit, 0.5), maxMs: quantile(hit, 1) },
    };
  });
}

const SORTS = ['orchestrator-ap-south', 'orchestrator', 'load-balancer', 'communicator'] as const;
const SERVERS: ReadonlySet<string> = new Set(['nats', 'redis', 'leaf']);

function sortOf({ kind, target, owner }: ShardAvailability): string {
  if (kind === 'cut') return 'region';
  if (owner !== undefined)
    return owner === 'target' ? 'orchestrator: its shards' : 'orchestrator: shards of others';
  return SORTS.find((sort) => target.startsWith(sort)) ?? (SERVERS.has(target) ? target : 'swarm');
}

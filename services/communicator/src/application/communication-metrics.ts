import type {
  CommunicationLink,
  CommunicationMetrics,
  CommunicationQuery,
  LinkCounts,
  ShardLinks,
} from '@multiswarm/contracts';
import { LogSketch } from '@multiswarm/core';
import { latencyOf, rounded } from './link-tally';

const NOTHING: LinkCounts = {
  ...{ delivered: 0, bytes: 0, forwarded: 0, failedTries: 0, dead: 0, expired: 0, breakerOpenings: 0 },
  ...{ messagesPerSecond: 0, bandwidthBytesPerSecond: 0 },
};

/** How swarms communicate: what the owners of all mailbox shards have counted, put together. */
export function communicationMetrics(
  shards: readonly (ShardLinks | undefined)[],
  { limit, ...query }: CommunicationQuery,
): CommunicationMetrics {
  const answered = shards.filter((shard) => shard !== undefined);
  const all = answered.flatMap(({ links }) => links);
  const matching = all.filter((link) => fits(link, query)).sort(byTraffic);
  const latencies = new LogSketch();
  for (const shard of answered) latencies.merge(LogSketch.from(shard.latencies));
  const others = sum(answered.map(({ other }) => other));
  return {
    since:
      answered
        .map(({ since }) => since)
        .sort()
        .at(-1) ?? new Date(0).toISOString(),
    unanswered: shards.flatMap((shard, index) => (shard === undefined ? [index] : [])),
    ...sum([...all, others]),
    ...latencyOf(latencies),
    linkCount: matching.length,
    links: matching.slice(0, limit),
    other: others,
  };
}

function fits(link: CommunicationLink, { namespace, from, to }: Omit<CommunicationQuery, 'limit'>): boolean {
  if (namespace !== undefined && link.namespace !== namespace) return false;
  if (from !== undefined && link.from !== from) return false;
  return to === undefined || link.to === to;
}

/** The busiest at the moment first, then those with the most. */
function byTraffic(a: CommunicationLink, b: CommunicationLink): number {
  return b.messagesPerSecond - a.messagesPerSecond || b.delivered - a.delivered || (a.to < b.to ? -1 : 1);
}

/** Quantiles do not add up. */
function sum(parts: readonly LinkCounts[]): LinkCounts {
  const total = { ...NOTHING };
  for (const part of parts) for (const key of KEYS) total[key] = rounded(total[key] + part[key]);
  return total;
}

const KEYS = Object.keys(NOTHING) as Exclude<keyof LinkCounts, 'latencyMs'>[]; // of an object literal they are all

import {
  askStream,
  DomainPayloads,
  ensureStream,
  lastStored,
  PayloadInventory,
  StreamRefusal,
  type Bus,
} from '@multiswarm/bus';
import { DEFAULT_DOMAIN, payloadBucketOf, streamOfBucket, streams, subjects } from '@multiswarm/contracts';
import { every, type Cancel, type Clock, type Ids } from '@multiswarm/core';
import type { Route } from '@multiswarm/service';
import type { Logger } from '@multiswarm/telemetry';
import { payloadRoutes } from './adapters/http/payload-routes';
import { PayloadFetcher } from './application/payload-fetcher';
import { sweepPayloads } from './application/payload-sweep';
import type { FetchPayload } from './ports';

export interface PayloadLimits {
  /** Room for data of messages in a domain that has no store of the orchestrator. */
  storeBytes: number;
  /** What nothing refers to is kept for so long. */
  graceMs: number;
  sweepMs: number;
}

export interface DomainStore extends PayloadLimits {
  domain: string;
  /** NATS servers that keep the stream. */
  replicas: number;
}

interface PayloadParts {
  bus: Bus;
  clock: Clock;
  ids: Ids;
  logger: Logger;
}

/** Nobody names messages there: as short as it may be. */
const DEDUP_MS = 100;

/** The data of messages of a domain: where it has no orchestrator it is kept and swept here. And what brings that of other domains. */
export async function startPayloads(
  store: DomainStore,
  parts: PayloadParts,
): Promise<{ routes: Route[]; fetched: FetchPayload; stop: Cancel }> {
  const { bus, clock, ids, logger } = parts;
  const of = { connection: bus.connection, clock, ids };
  const here = new DomainPayloads({ ...of, domain: () => store.domain });
  const fetcher = new PayloadFetcher({
    copy: (ref, origin) =>
      here.copy(ref, new DomainPayloads({ ...of, domain: () => origin, isElsewhere: true })),
    ...{ clock, logger },
  });
  const stop = (await hasOrchestrator(bus, store.domain)) ? () => undefined : await keep(store, parts);
  return { routes: payloadRoutes(here), fetched: (ref, origin) => fetcher.fetched(ref, origin), stop };
}

/** Makes the store of the domain, and sweeps it from now on. */
async function keep(store: DomainStore, { bus, clock, logger }: PayloadParts): Promise<Cancel> {
  const { domain, replicas, storeBytes, graceMs, sweepMs } = store;
  const bucket = payloadBucketOf(domain);
  await ensureStream(bus.connection, {
    ...{ name: streamOfBucket(bucket), replicas },
    subjects: [subjects.allPayloadParts(bucket), subjects.allPayloadDescriptions(bucket)],
    ...{ maxAgeMs: 0, maxBytes: storeBytes, dedupWindowMs: DEDUP_MS },
    refusesWhenFull: true,
    isStore: true,
  });
  const stock = new PayloadInventory(bus.connection, clock, bucket);
  const isNoted = async (payload: string): Promise<boolean> => {
    const noted = subjects.mailPayloadsOf(domain, payload);
    return (await lastStored(bus.connection, streams.mailPayloads, noted)) !== undefined;
  };
  let sweeping = false;
  const sweep = async (): Promise<void> => {
    if (sweeping) return;
    sweeping = true;
    try {
      const swept = await sweepPayloads({ stock, isNoted, now: clock.now(), graceMs });
      if (swept.payloads + swept.uploads > 0)
        logger.info('payloads to which no message refers were removed', { ...swept });
    } catch (error) {
      logger.warn('payloads of messages were not swept', { error });
    } finally {
      sweeping = false;
    }
  };
  return every(clock, sweepMs, () => void sweep());
}

/** Whether messages of the domain are kept in the store of tasks. Where there is but one domain, or it is the hub, the orchestrator may come later. */
async function hasOrchestrator({ connection }: Bus, domain: string): Promise<boolean> {
  if (domain === DEFAULT_DOMAIN) return true;
  try {
    await askStream(connection, `STREAM.INFO.${streams.payloads}`, {});
    return true;
  } catch (error) {
    if (error instanceof StreamRefusal && error.isMissing) return false;
    throw error;
  }
}

import { ensureStream, type Bus } from '@multiswarm/bus';
import { LIMITS, streams, subjects } from '@multiswarm/contracts';
import type { OrchestratorConfig } from './config';

/** What the relay hands over again within this time is stored once; afterwards it asks first what the stream has. */
const EVENT_DEDUP_MS = 120_000;
/** A message that a swarm repeats is stored once within this time. */
const ATTEMPT_DEDUP_MS = 60_000;
/** Nobody names messages there: as short as it may be. */
const PAYLOAD_DEDUP_MS = 100;

/** Makes the streams of NATS that are not there, and brings the others to their settings. */
export async function ensureStreams(bus: Bus, config: OrchestratorConfig): Promise<void> {
  const { eventReplicas: replicas, eventLimits, attemptStream, payloads } = config;
  await ensureStream(bus.connection, {
    ...{ name: streams.events, subjects: [subjects.allEvents()], replicas },
    ...eventLimits,
    dedupWindowMs: Math.min(EVENT_DEDUP_MS, eventLimits.maxAgeMs), // JetStream takes no longer one
  });
  await ensureStream(bus.connection, {
    ...{ name: streams.attempts, subjects: [subjects.allStreams()], replicas },
    ...{ ...attemptStream, dedupWindowMs: ATTEMPT_DEDUP_MS },
    maxMessagesPerSubject: LIMITS.STREAM_MESSAGES_PER_ATTEMPT,
    isStore: true,
  });
  // What is full refuses what is new: no payload of a task is ever lost for want of room.
  await ensureStream(bus.connection, {
    ...{ name: streams.payloads, replicas },
    subjects: [subjects.allPayloadParts(), subjects.allPayloadDescriptions()],
    ...{ maxAgeMs: 0, maxBytes: payloads.storeBytes, dedupWindowMs: PAYLOAD_DEDUP_MS },
    refusesWhenFull: true,
    isStore: true,
  });
}

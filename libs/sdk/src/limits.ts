import { LIMITS } from '@multiswarm/contracts';

/** The SDK's own limits. Sizes are bytes, times are milliseconds, the rest are counts. */
export const SDK_LIMITS = {
  /** Tasks whose last answer a swarm remembers: a repeated dispatch of one of them gets the same answer again. */
  REMEMBERED_TASKS: 100_000,
  /** Attempts that a swarm holds at once, running or not yet acknowledged: as many as one heartbeat can list. */
  HELD_ATTEMPTS: 12_000,
  /** Outputs that wait for an acknowledgement; beyond it the swarm refuses new work. */
  UNREPORTED_BYTES: 64 * 1024 * 1024,
  /** What one attempt has said and is not stored yet; beyond it the oldest is dropped, and readers see a gap. */
  STREAM_BUFFER_BYTES: 256 * 1024,
  /** The same of all attempts of a swarm together; beyond it an attempt that says more loses its own oldest. */
  STREAM_TOTAL_BYTES: 64 * 1024 * 1024,
  /** How long after its end what an attempt has said is tried to be stored; then it is given up. */
  STREAM_ENDED_MS: 60_000,
  /** How long the report of an attempt waits for what the attempt has said last to be stored. */
  STREAM_FLUSH_MS: 500,
  /** How long a swarm tries to fetch an input, or to store an output, that goes by reference. */
  PAYLOAD_RETRY_MS: 60_000,
  /** How long an attempt tries to add steps to its run. */
  ADDED_STEPS_RETRY_MS: 60_000,
  /** Shards whose epoch a swarm remembers. */
  SHARDS: 10_000,
  /** Reports in one request. */
  REPORT_BATCH: 1_000,
  /** Body of one request that carries a batch, half of what NATS carries, because a coordinator may have to wrap it. */
  BATCH_BYTES: LIMITS.BUS_MESSAGE_BYTES / 2,
  /** Messages that wait for their handlers; a further one is dropped, as at-most-once allows, and logged. */
  INBOX_MESSAGES: 10_000,
  /** Recipients that a swarm remembers to be there. */
  LOCATED_RECIPIENTS: 10_000,
  /** Live events that wait for their reader. */
  EVENT_BUFFER: 10_000,
  /** Bytes of one server-sent event. */
  SSE_EVENT_BYTES: 4 * 1024 * 1024,
} as const;

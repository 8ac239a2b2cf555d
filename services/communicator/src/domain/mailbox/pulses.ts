import { LIMITS, mailReaderOf, type Heartbeat } from '@multiswarm/contracts';
import { heartbeatLiveness } from '@multiswarm/core';

/** Nobody is taken to be gone sooner, however often he heartbeats: a message may be on its way for as long. */
const LEAST_SILENT_MS = 1_500;

interface Pulse {
  intervalMs: number;
  /** In time of hearing. */
  heardAtMs: number;
}

/**
 * Which processes of swarms are silent, each by itself: two processes of one swarm read the same mailbox.
 *
 * S1. A process that misses three of its heartbeats is told, once; it is known again with its next one.
 * S2. Time counts only as far as heartbeats could be heard in it: what this process slept through, or was cut off from, is nobody's
 *     silence.
 * S3. Of whom no heartbeat was ever heard, nothing is said; beyond the limit nobody is added.
 */
export class Pulses {
  private readonly byReader = new Map<string, Pulse>();
  private hearingMs = 0;

  constructor(private readonly limit: number = LIMITS.SWARMS_IN_VIEW) {}

  heard({ swarmId, instance, intervalMs }: Pick<Heartbeat, 'swarmId' | 'instance' | 'intervalMs'>): void {
    const reader = mailReaderOf(swarmId, instance);
    const known = this.byReader.get(reader);
    if (known === undefined && this.byReader.size >= this.limit) return; // S3
    this.byReader.set(reader, { intervalMs, heardAtMs: this.hearingMs });
  }

  /**
   * So much time has passed in which heartbeats could be heard.
   * @returns the readers (`mailReaderOf`) that have fallen silent by it
   */
  passed(ms: number): Set<string> {
    this.hearingMs += ms;
    const silent = new Set<string>();
    for (const [reader, { intervalMs, heardAtMs }] of this.byReader) {
      const silentMs = this.hearingMs - heardAtMs;
      if (silentMs < LEAST_SILENT_MS || heartbeatLiveness(silentMs, intervalMs) !== 'down') continue;
      this.byReader.delete(reader); // S1
      silent.add(reader);
    }
    return silent;
  }
}

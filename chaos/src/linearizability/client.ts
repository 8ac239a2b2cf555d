import type { KeyValueBucket } from '@multiswarm/bus';
import { MultiswarmError } from '@multiswarm/contracts';
import type { Random } from '@multiswarm/core';
import type { Operation, RegisterCall } from '@multiswarm/testing';

/** What a key holds before the first write. */
export const NOTHING = '';

export type KeyCall = RegisterCall<string> & { key: string };

export interface Counts {
  reads: number;
  writes: number;
  swaps: number;
  /** Compare-and-sets that found something else. */
  conflicts: number;
  /** Calls of which nobody knows what came of them. */
  unknown: number;
}

export const noCounts = (): Counts => ({ reads: 0, writes: 0, swaps: 0, conflicts: 0, unknown: 0 });

/**
 * One client after another call: reads, writes, and compare-and-sets over what it has read last. Every value is written once, so
 * that whoever reads it knows from which write it is.
 */
export class RecordingClient {
  readonly operations: Operation<KeyCall>[] = [];
  readonly counts = noCounts();
  private readonly last = new Map<string, { value: string; revision: number }>();
  private written = 0;

  constructor(
    private readonly name: string,
    private readonly bucket: KeyValueBucket,
    private readonly keys: readonly string[],
    private readonly random: Random,
    private readonly now: () => number,
  ) {}

  async step(): Promise<void> {
    const key = this.keys[Math.floor(this.random.next() * this.keys.length)] ?? '';
    const dice = this.random.next();
    if (dice < 0.4) await this.read(key);
    else if (dice < 0.6) await this.write(key);
    else await this.swap(key);
  }

  private async read(key: string): Promise<void> {
    this.counts.reads += 1;
    const call: KeyCall = { kind: 'read', key, value: undefined };
    await this.recorded(call, async () => {
      const entry = await this.bucket.get(key);
      const { value = NOTHING, revision = 0 } = entry ?? {};
      this.last.set(key, { value, revision });
      call.value = value;
    });
  }

  private async write(key: string): Promise<void> {
    this.counts.writes += 1;
    const value = this.fresh();
    await this.recorded({ kind: 'write', key, value }, async () => {
      this.last.set(key, { value, revision: await this.bucket.put(key, value) });
    });
  }

  private async swap(key: string): Promise<void> {
    const seen = this.last.get(key);
    if (!seen) return this.read(key);
    this.counts.swaps += 1;
    const to = this.fresh();
    const call: KeyCall = { kind: 'cas', key, from: seen.value, to, done: undefined };
    await this.recorded(call, async () => {
      try {
        const revision = await this.bucket.put(key, to, seen.revision);
        call.done = true;
        this.last.set(key, { value: to, revision });
      } catch (error) {
        if (!(error instanceof MultiswarmError && error.code === 'revision-conflict')) throw error;
        call.done = false;
        this.counts.conflicts += 1;
        this.last.delete(key);
      }
    });
  }

  /** A call that failed may have happened: it has no end. What it was about is read anew. */
  private async recorded(call: KeyCall, work: () => Promise<void>): Promise<void> {
    const operation: Operation<KeyCall> = { call, begin: this.now(), end: undefined };
    this.operations.push(operation);
    try {
      await work();
      operation.end = this.now();
    } catch (error) {
      if (!(error instanceof MultiswarmError)) throw error;
      this.counts.unknown += 1;
      this.last.delete(call.key);
    }
  }

  private fresh(): string {
    this.written += 1;
    return `${this.name}-${this.written}`;
  }
}

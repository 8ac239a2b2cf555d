import { createHash, type Hash } from 'node:crypto';
import { LIMITS, MultiswarmError, subjects } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { NatsConnection } from '@nats-io/transport-node';
import { storeMessage } from '../stored';
import { tooLarge } from './faults';

/** Parts that are on their way at once: 1 MiB. */
const WINDOW = 8;

export interface Uploaded {
  bytes: number;
  parts: number;
  sha256Hex: string;
}

/**
 * The parts of one payload on their way into the store. Nothing refers to them before they are described; an upload that takes
 * longer than `LIMITS.PAYLOAD_UPLOAD_MS` never is, because a sweep may have taken its first parts for abandoned.
 */
export class Upload {
  private readonly digest: Hash | undefined;
  private readonly underWay = new Set<Promise<unknown>>();
  private rest: Buffer[] = [];
  private restBytes = 0;
  private bytes = 0;
  private parts = 0;
  private failure: { error: unknown } | undefined;
  private readonly deadline: number;

  constructor(
    private readonly connection: NatsConnection,
    private readonly bucket: string,
    readonly id: string,
    private readonly limit: number,
    private readonly clock: Clock,
    private readonly signal: AbortSignal | undefined,
    /** Of all of it, where it is known before. */
    private readonly sha256Hex?: string,
  ) {
    this.digest = sha256Hex === undefined ? createHash('sha256') : undefined;
    this.deadline = clock.monotonic() + LIMITS.PAYLOAD_UPLOAD_MS;
  }

  /** Resolves when there is room for more: memory does not grow with the size of the payload. */
  async add(chunk: Uint8Array): Promise<void> {
    this.bytes += chunk.byteLength;
    if (this.bytes > this.limit) throw tooLarge(undefined, this.limit);
    this.digest?.update(chunk);
    this.rest.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.restBytes += chunk.byteLength;
    if (this.restBytes < LIMITS.PAYLOAD_CHUNK_BYTES) return;
    const all = this.rest.length === 1 && this.rest[0] ? this.rest[0] : Buffer.concat(this.rest);
    let at = 0;
    for (; all.length - at >= LIMITS.PAYLOAD_CHUNK_BYTES; at += LIMITS.PAYLOAD_CHUNK_BYTES)
      await this.send(all.subarray(at, at + LIMITS.PAYLOAD_CHUNK_BYTES));
    this.rest = at === all.length ? [] : [all.subarray(at)];
    this.restBytes = all.length - at;
  }

  /** Resolves when all of it is stored. */
  async end(): Promise<Uploaded> {
    if (this.restBytes > 0) await this.send(Buffer.concat(this.rest));
    await Promise.all(this.underWay);
    this.check();
    if (this.bytes === 0) throw new MultiswarmError('invalid-request', 'a payload has at least one byte');
    const sha256Hex = this.sha256Hex ?? this.digest?.digest('hex') ?? '';
    return { bytes: this.bytes, parts: this.parts, sha256Hex };
  }

  /** Resolves when nothing is on its way any more, stored or not. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay);
  }

  private async send(part: Buffer): Promise<void> {
    this.check();
    this.parts += 1;
    const subject = subjects.payloadParts(this.id, this.bucket);
    const sending: Promise<unknown> = storeMessage(this.connection, subject, part)
      .catch((error: unknown) => (this.failure ??= { error }))
      .finally(() => this.underWay.delete(sending));
    this.underWay.add(sending);
    if (this.underWay.size >= WINDOW) await Promise.race(this.underWay);
  }

  private check(): void {
    this.signal?.throwIfAborted();
    if (this.failure) throw this.failure.error;
    if (this.clock.monotonic() > this.deadline)
      throw new MultiswarmError(
        'timeout',
        `storing a payload took longer than ${LIMITS.PAYLOAD_UPLOAD_MS} ms (PAYLOAD_UPLOAD_MS)`,
      );
  }
}

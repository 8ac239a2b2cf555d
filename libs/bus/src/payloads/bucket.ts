import { createHash } from 'node:crypto';
import {
  buckets,
  LIMITS,
  MultiswarmError,
  partsOfPayloadId,
  payloadId,
  streamOfBucket,
  subjects,
  type PayloadRef,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConditionalWrites } from '../key-value/conditional';
import { apiOf, askStream, nextStored, type StoredMessage } from '../stored';
import { descriptionWrites, isOvertaken } from './claims';
import { describe, write, type Description, type PayloadPlace } from './description';
import { notFound, payloadFault, tooLarge } from './faults';
import { Upload } from './upload';

export interface PayloadOptions {
  signal?: AbortSignal | undefined;
}

const OF_TASKS: PayloadPlace = { bucket: buckets.payloads };

/**
 * What is too large to travel with its task or message, in a JetStream object store; that of the orchestrator unless told.
 *
 * P1. A payload is named by what is in it, so storing it again is claiming it: the time of its description starts anew, and
 *     nothing is stored twice.
 * P2. Every change of a description names the one that it has seen. So a claim and a removal cannot both succeed: whoever comes
 *     second sees that it must look again.
 * P3. Nobody gets a byte too much or a wrong one: size and digest are checked before the last part is handed over.
 */
export class PayloadBucket {
  private readonly writes: ConditionalWrites;

  constructor(
    private readonly connection: NatsConnection,
    private readonly clock: Clock,
    private readonly ids: Ids,
    private readonly place = OF_TASKS,
  ) {
    this.writes = descriptionWrites(connection, clock, place.bucket);
  }

  /** Stores bytes that are at hand; those that are there already are only claimed. */
  async store(
    namespace: string,
    content: string | Uint8Array,
    { signal }: PayloadOptions = {},
  ): Promise<PayloadRef> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    if (bytes.byteLength > LIMITS.PAYLOAD_BYTES) throw tooLarge(bytes.byteLength, LIMITS.PAYLOAD_BYTES);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const claimed = await this.claimed({ id: payloadId(namespace, digest), bytes: bytes.byteLength });
    return claimed ?? this.upload(namespace, [bytes], signal, digest);
  }

  /** Stores bytes as they come, of which the digest is known at their end. */
  storeStream(
    namespace: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    { signal }: PayloadOptions = {},
  ): Promise<PayloadRef> {
    return this.upload(namespace, chunks, signal);
  }

  /** @param digest of all of it, where it is known before */
  private async upload(
    namespace: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    signal: AbortSignal | undefined,
    digest?: string,
  ): Promise<PayloadRef> {
    const { connection, ids, clock, place } = this;
    const upload = new Upload(
      connection,
      place.bucket,
      ids.next(),
      LIMITS.PAYLOAD_BYTES,
      clock,
      signal,
      digest,
    );
    try {
      for await (const chunk of chunks) await upload.add(chunk);
      const { bytes, parts, sha256Hex } = await upload.end();
      const ref = { id: payloadId(namespace, sha256Hex), bytes };
      await this.publish({ ...ref, upload: upload.id, parts, deleted: false });
      return ref;
    } catch (error) {
      await upload.settled(); // a purge may overtake what is on its way: nats-server 2.10 and later
      await this.purge(upload.id).catch(() => undefined); // a sweep finds what is left
      throw payloadFault(error, 'a payload could not be stored');
    }
  }

  /**
   * Makes sure that a payload is there and stays for the grace time, within which whoever claims it has to refer to it.
   * @throws MultiswarmError `payload-not-found`
   */
  async claim(ref: PayloadRef): Promise<void> {
    const claimed = await this.claimed(ref);
    if (!claimed) throw notFound(ref.id);
  }

  /** @throws MultiswarmError `payload-not-found`, `payload-corrupt` */
  async *read(ref: PayloadRef, { signal }: PayloadOptions = {}): AsyncGenerator<Buffer, void, undefined> {
    const found = await this.find(ref.id);
    if (found.bytes !== ref.bytes) throw otherSize(ref, found.bytes);
    const digest = createHash('sha256');
    let seq = 0;
    let bytes = 0;
    for (let part = 1; part <= found.parts; part++) {
      signal?.throwIfAborted();
      const message = await this.part(found, seq + 1);
      if (!message) throw await this.gone(ref, `part ${part} of ${found.parts} is missing`);
      seq = message.seq;
      bytes += message.data.length;
      digest.update(message.data);
      if (part === found.parts) {
        if (bytes !== found.bytes) throw corrupt(ref, `it has ${bytes} bytes, not ${found.bytes}`);
        if (digest.digest('hex') !== partsOfPayloadId(ref.id).sha256Hex)
          throw corrupt(ref, 'its digest is another one');
      }
      yield message.data; // P3
    }
  }

  /** All of it. */
  async fetch(ref: PayloadRef, options: PayloadOptions = {}): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.read(ref, options)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** What is said of it, unless it is being removed. */
  async find(id: string): Promise<Description> {
    const found = await this.described(id);
    if (!found || found.deleted) throw notFound(id);
    return found;
  }

  /** P1, P2. Undefined where it is not there, or not as large as it should be. */
  private async claimed(ref: PayloadRef): Promise<PayloadRef | undefined> {
    for (;;) {
      const found = await this.described(ref.id);
      if (!found || !isClaimable(found, ref)) return undefined;
      if (await this.replaced(found, found.seq)) return { id: found.id, bytes: found.bytes };
    }
  }

  /** P2. Where somebody was quicker with the same bytes, theirs are as good, and ours go. */
  private async publish(description: Omit<Description, 'claimedAt' | 'seq'>): Promise<void> {
    for (;;) {
      const before = await this.described(description.id);
      const isThere = before !== undefined && isClaimable(before, description);
      if (!(await this.replaced(isThere ? before : description, before?.seq ?? 0))) continue;
      if (isThere) await this.purge(description.upload).catch(() => undefined); // a sweep finds what is left
      return;
    }
  }

  /** @returns false where somebody has said something else meanwhile */
  private async replaced(
    description: Omit<Description, 'claimedAt' | 'seq'>,
    expected: number,
  ): Promise<boolean> {
    try {
      await write(this.writes, this.place.bucket, description, expected, new Date(this.clock.now()));
      return true;
    } catch (error) {
      if (isOvertaken(error)) return false;
      throw payloadFault(error, 'a payload could not be claimed');
    }
  }

  private async described(id: string): Promise<Description | undefined> {
    try {
      return await describe(this.connection, id, this.place);
    } catch (error) {
      throw payloadFault(error, 'a payload could not be looked up');
    }
  }

  /** Any replica has most parts; where one does not, its leader is asked. */
  private async part({ upload }: Description, seq: number): Promise<StoredMessage | undefined> {
    const { bucket, domain } = this.place;
    const subject = subjects.payloadParts(upload, bucket);
    const api = apiOf(domain);
    const stored = (certain: boolean): Promise<StoredMessage | undefined> =>
      nextStored(this.connection, streamOfBucket(bucket), subject, seq, { certain, api });
    try {
      return (await stored(false)) ?? (await stored(true));
    } catch (error) {
      throw payloadFault(error, 'a payload could not be read');
    }
  }

  /** It may have been removed while it was read. */
  private async gone(ref: PayloadRef, fault: string): Promise<MultiswarmError> {
    const now = await this.described(ref.id);
    return !now || now.deleted ? notFound(ref.id) : corrupt(ref, fault);
  }

  private async purge(upload: string): Promise<void> {
    const { bucket } = this.place;
    await askStream(this.connection, `STREAM.PURGE.${streamOfBucket(bucket)}`, {
      filter: subjects.payloadParts(upload, bucket),
    });
  }
}

/** One with another size was described by somebody who cannot count. */
function isClaimable(found: Description, wanted: PayloadRef): boolean {
  return !found.deleted && found.bytes === wanted.bytes;
}

function otherSize({ id, bytes }: PayloadRef, real: number): MultiswarmError {
  return new MultiswarmError('payload-not-found', `the payload "${id}" has ${real} bytes, not ${bytes}`);
}

function corrupt(ref: PayloadRef, fault: string): MultiswarmError {
  return new MultiswarmError('payload-corrupt', `the payload "${ref.id}" is damaged: ${fault}`);
}

import {
  base64Url,
  LIMITS,
  partsOfPayloadId,
  streamOfBucket,
  subjects,
  type PayloadRef,
} from '@multiswarm/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConditionalWrites } from '../key-value/conditional';
import { apiOf, lastStored, type StoredMessage } from '../stored';

/** What is said of a payload in the store, as every NATS object store says it (ADR-20). */
export interface Description extends PayloadRef {
  /** The upload whose parts are its bytes. */
  upload: string;
  parts: number;
  /** Nobody can claim it any more: what is left of it is being removed. */
  deleted: boolean;
  /** When somebody last stored or claimed it, by the clock of the server, epoch ms. */
  claimedAt: number;
  /** Of this description in the stream: whoever changes it must have seen it. */
  seq: number;
}

interface ObjectInfo {
  name: string;
  bucket: string;
  nuid: string;
  size: number;
  chunks: number;
  digest: string;
  mtime: string;
  options: { max_chunk_size: number };
  deleted?: boolean;
}

/** An object store of payloads. */
export interface PayloadPlace {
  bucket: string;
  /** The JetStream domain that has it, where that is another one than that of the connection: there it can be read, and no more. */
  domain?: string;
}

/** As the leader of the stream has it; undefined where there is none. */
export async function describe(
  connection: NatsConnection,
  id: string,
  { bucket, domain }: PayloadPlace,
): Promise<Description | undefined> {
  const subject = subjects.payloadDescription(id, bucket);
  const message = await lastStored(connection, streamOfBucket(bucket), subject, apiOf(domain));
  return message && descriptionIn(message);
}

/** Undefined for what is none of ours. */
export function descriptionIn({
  seq,
  at,
  data,
}: Pick<StoredMessage, 'seq' | 'at' | 'data'>): Description | undefined {
  let info: Partial<ObjectInfo>;
  try {
    info = JSON.parse(data.toString('utf8')) as Partial<ObjectInfo>;
  } catch {
    return undefined;
  }
  const { name, nuid, size, chunks, deleted = false } = info;
  if (typeof name !== 'string' || typeof nuid !== 'string') return undefined;
  return { id: name, upload: nuid, bytes: size ?? 0, parts: chunks ?? 0, deleted, claimedAt: at, seq };
}

/**
 * Says anew what is there of a payload, as long as `expected` is the last that was said of it (0: nothing).
 * @returns the sequence
 * @throws MultiswarmError `revision-conflict` where somebody has said something else meanwhile
 */
export function write(
  writes: ConditionalWrites,
  bucket: string,
  { id, upload, bytes, parts, deleted }: Omit<Description, 'claimedAt' | 'seq'>,
  expected: number,
  now: Date,
): Promise<number> {
  const info: ObjectInfo = {
    name: id,
    bucket,
    nuid: upload,
    size: bytes,
    chunks: parts,
    digest: `SHA-256=${base64Url(Buffer.from(partsOfPayloadId(id).sha256Hex, 'hex'))}`,
    mtime: now.toISOString(),
    options: { max_chunk_size: LIMITS.PAYLOAD_CHUNK_BYTES },
    ...(deleted ? { deleted } : {}),
  };
  // It replaces all that is there of its subject.
  const replaces = { 'Nats-Rollup': 'sub' };
  return writes.store(subjects.payloadDescription(id, bucket), JSON.stringify(info), expected, replaces);
}

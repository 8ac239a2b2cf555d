import {
  buckets,
  MultiswarmError,
  partsOfPayloadId,
  payloadBucketOf,
  type PayloadRef,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import type { NatsConnection } from '@nats-io/transport-node';
import { PayloadBucket } from './bucket';
import { isNoStore } from './faults';

export interface DomainPayloadsParts {
  connection: NatsConnection;
  clock: Clock;
  ids: Ids;
  /** The JetStream domain. */
  domain: () => string | Promise<string>;
  /** It is another one than that of the connection: what it has can be read, and no more. */
  isElsewhere?: boolean;
}

/**
 * Data of the messages of one JetStream domain: in the store of the orchestrator where the domain has that, else in one of its own. A domain may
 * have both, for example since its communicator was started first: what is looked for is looked for in either.
 */
export class DomainPayloads {
  constructor(private readonly parts: DomainPayloadsParts) {}

  /** @throws MultiswarmError `payload-too-large`, `payload-store-full`, `payload-store-unavailable` */
  store(namespace: string, content: string): Promise<PayloadRef> {
    return this.inEither((bucket) => bucket.store(namespace, content));
  }

  /** @throws MultiswarmError `payload-not-found`, `payload-store-unavailable` */
  async claim(ref: PayloadRef): Promise<void> {
    await this.inEither((bucket) => bucket.claim(ref));
  }

  /** @throws MultiswarmError `payload-not-found`, `payload-corrupt`, `payload-store-unavailable` */
  fetch(ref: PayloadRef): Promise<Buffer> {
    return this.inEither((bucket) => bucket.fetch(ref));
  }

  /** @throws MultiswarmError `payload-not-found`, `payload-store-unavailable` */
  find(id: string): Promise<PayloadRef> {
    return this.inEither(async (bucket) => {
      const { bytes } = await bucket.find(id);
      return { id, bytes };
    });
  }

  /** Part by part. @throws MultiswarmError `payload-not-found`, `payload-corrupt`, `payload-store-unavailable` */
  async *read(ref: PayloadRef): AsyncGenerator<Buffer, void, undefined> {
    const found = await this.inEither(async (bucket) => {
      await bucket.find(ref.id);
      return bucket;
    });
    yield* found.read(ref);
  }

  /**
   * Brings what another domain has; what is here already is only claimed.
   * @throws MultiswarmError as `read` and `store` do
   */
  async copy(ref: PayloadRef, from: DomainPayloads): Promise<void> {
    const { namespace } = partsOfPayloadId(ref.id);
    let into: PayloadBucket | undefined;
    try {
      await this.inEither((bucket) =>
        bucket.claim(ref).catch((error: unknown) => {
          if (isNotFound(error)) into ??= bucket;
          throw error;
        }),
      );
    } catch (error) {
      if (into === undefined) throw error;
      await into.storeStream(namespace, from.read(ref));
    }
  }

  /** In the first store that is there, and has what is asked for. */
  private async inEither<T>(work: (bucket: PayloadBucket) => Promise<T>): Promise<T> {
    let missed: unknown;
    for (const bucket of await this.stores()) {
      try {
        return await work(bucket);
      } catch (error) {
        if (isNotFound(error)) missed = error;
        else if (isNoStore(error)) missed ??= error;
        else throw error;
      }
    }
    throw missed;
  }

  private async stores(): Promise<PayloadBucket[]> {
    const { connection, clock, ids, isElsewhere = false } = this.parts;
    const domain = await this.parts.domain();
    const where = isElsewhere ? { domain } : {};
    return [buckets.payloads, payloadBucketOf(domain)].map(
      (bucket) => new PayloadBucket(connection, clock, ids, { bucket, ...where }),
    );
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof MultiswarmError && error.code === 'payload-not-found';
}

import { buckets, streamOfBucket, subjects } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConditionalWrites } from '../key-value/conditional';
import { askStream, lastStored } from '../stored';
import { descriptionWrites, isOvertaken } from './claims';
import { write, type Description } from './description';
import { payloadFault } from './faults';
import { listed } from './listing';

/** A minute without a reader. */
const FORGOTTEN_NS = 60_000_000_000;

/** All that is in a store of payloads, that of the orchestrator unless told, for those who count and remove. */
export class PayloadInventory {
  private readonly writes: ConditionalWrites;
  private readonly stream: string;

  constructor(
    private readonly connection: NatsConnection,
    private readonly clock: Clock,
    private readonly bucket: string = buckets.payloads,
  ) {
    this.writes = descriptionWrites(connection, clock, bucket);
    this.stream = streamOfBucket(bucket);
  }

  /**
   * What is described, also what is being removed: all of it.
   * @throws MultiswarmError `payload-store-unavailable` where the list breaks off: what has come by then is no whole
   */
  async *descriptions(): AsyncGenerator<Description, void, undefined> {
    try {
      const manager = await jetstreamManager(this.connection);
      const { name, num_pending: pending } = await manager.consumers.add(this.stream, {
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.LastPerSubject,
        filter_subject: subjects.allPayloadDescriptions(this.bucket),
        inactive_threshold: FORGOTTEN_NS,
        mem_storage: true,
      });
      try {
        if (pending > 0) yield* listed(await jetstream(this.connection).consumers.get(this.stream, name));
      } finally {
        await manager.consumers.delete(this.stream, name).catch(() => undefined); // it is forgotten by itself
      }
    } catch (error) {
      throw payloadFault(error, 'payloads could not be listed');
    }
  }

  /** How many parts each upload has. */
  async parts(): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const prefix = subjects.payloadParts('', this.bucket);
    try {
      for (let offset = 0; ;) {
        const page = await askStream<{ state: { subjects?: Record<string, number> }; total?: number }>(
          this.connection,
          `STREAM.INFO.${this.stream}`,
          { subjects_filter: subjects.allPayloadParts(this.bucket), offset },
        );
        const entries = Object.entries(page.state.subjects ?? {});
        for (const [subject, count] of entries) found.set(subject.slice(prefix.length), count);
        offset += entries.length;
        if (entries.length === 0 || offset >= (page.total ?? 0)) return found;
      }
    } catch (error) {
      throw payloadFault(error, 'the parts of payloads could not be listed');
    }
  }

  /** When the last part of an upload was stored; undefined where it has none any more. */
  async lastPartAt(upload: string): Promise<number | undefined> {
    try {
      return (await lastStored(this.connection, this.stream, subjects.payloadParts(upload, this.bucket)))?.at;
    } catch (error) {
      throw payloadFault(error, 'a part of a payload could not be read');
    }
  }

  /**
   * Removes a payload, unless somebody has claimed or replaced it since its description was read: from the moment at which that
   * says that it is deleted nobody can claim it. What a crash leaves behind the next one removes.
   * @returns whether it is gone
   */
  async remove(described: Description): Promise<boolean> {
    try {
      let { seq } = described;
      if (!described.deleted)
        seq = await write(
          this.writes,
          this.bucket,
          { ...described, deleted: true },
          described.seq,
          new Date(this.clock.now()),
        );
      await this.purge(subjects.payloadParts(described.upload, this.bucket));
      await this.purge(subjects.payloadDescription(described.id, this.bucket), seq + 1);
      return true;
    } catch (error) {
      if (isOvertaken(error)) return false;
      throw payloadFault(error, 'a payload could not be removed');
    }
  }

  /** Removes the parts of an upload that nobody will describe any more. */
  async removeUpload(upload: string): Promise<void> {
    try {
      await this.purge(subjects.payloadParts(upload, this.bucket));
    } catch (error) {
      throw payloadFault(error, 'parts of a payload could not be removed');
    }
  }

  /** @param before only what has a smaller sequence: what came later stays */
  private async purge(filter: string, before?: number): Promise<void> {
    await askStream(this.connection, `STREAM.PURGE.${this.stream}`, {
      filter,
      ...(before === undefined ? {} : { seq: before }),
    });
  }
}

import { streams, subjects } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConditionalWrites } from '../key-value/conditional';
import { askStream, lastStored } from '../stored';
import { descriptionWrites, isOvertaken } from './claims';
import { write, type Description } from './description';
import { payloadFault } from './faults';
import { listed } from './listing';

const PARTS_PREFIX = subjects.payloadParts('');
/** A minute without a reader. */
const FORGOTTEN_NS = 60_000_000_000;

/** All that is in the store of payloads, for those who count and remove. */
export class PayloadInventory {
  private readonly writes: ConditionalWrites;

  constructor(
    private readonly connection: NatsConnection,
    private readonly clock: Clock,
  ) {
    this.writes = descriptionWrites(connection, clock);
  }

  /**
   * What is described, also what is being removed: all of it.
   * @throws MultiswarmError `payload-store-unavailable` where the list breaks off: what has come by then is no whole
   */
  async *descriptions(): AsyncGenerator<Description, void, undefined> {
    try {
      const manager = await jetstreamManager(this.connection);
      const { name, num_pending: pending } = await manager.consumers.add(streams.payloads, {
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.LastPerSubject,
        filter_subject: subjects.allPayloadDescriptions(),
        inactive_threshold: FORGOTTEN_NS,
        mem_storage: true,
      });
      try {
        if (pending > 0)
          yield* listed(await jetstream(this.connection).consumers.get(streams.payloads, name));
      } finally {
        await manager.consumers.delete(streams.payloads, name).catch(() => undefined); // it is forgotten by itself
      }
    } catch (error) {
      throw payloadFault(error, 'payloads could not be listed');
    }
  }

  /** How many parts each upload has. */
  async parts(): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    try {
      for (let offset = 0; ;) {
        const page = await askStream<{ state: { subjects?: Record<string, number> }; total?: number }>(
          this.connection,
          `STREAM.INFO.${streams.payloads}`,
          { subjects_filter: subjects.allPayloadParts(), offset },
        );
        const entries = Object.entries(page.state.subjects ?? {});
        for (const [subject, count] of entries) found.set(subject.slice(PARTS_PREFIX.length), count);
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
      return (await lastStored(this.connection, streams.payloads, subjects.payloadParts(upload)))?.at;
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
          { ...described, deleted: true },
          described.seq,
          new Date(this.clock.now()),
        );
      await this.purge(subjects.payloadParts(described.upload));
      await this.purge(subjects.payloadDescription(described.id), seq + 1);
      return true;
    } catch (error) {
      if (isOvertaken(error)) return false;
      throw payloadFault(error, 'a payload could not be removed');
    }
  }

  /** Removes the parts of an upload that nobody will describe any more. */
  async removeUpload(upload: string): Promise<void> {
    try {
      await this.purge(subjects.payloadParts(upload));
    } catch (error) {
      throw payloadFault(error, 'parts of a payload could not be removed');
    }
  }

  /** @param before only what has a smaller sequence: what came later stays */
  private async purge(filter: string, before?: number): Promise<void> {
    await askStream(this.connection, `STREAM.PURGE.${streams.payloads}`, {
      filter,
      ...(before === undefined ? {} : { seq: before }),
    });
  }
}

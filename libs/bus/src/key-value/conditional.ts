import { MultiswarmError } from '@multiswarm/contracts';
import { backoffMs, delay, type Clock, type Random } from '@multiswarm/core';
import type { NatsConnection } from '@nats-io/transport-node';
import { askStream, lastMessageOf, storeMessage, StreamRefusal } from '../stored';

/** Says of a message of a bucket that it is a deletion. */
export const OPERATION = 'KV-Operation';

/** A write that is refused although its key is as expected (another one is on its way) is tried again so often. */
const MOST_TRIES = 32;
const PAUSE = { initialMs: 1, factor: 1.5, maxMs: 100, jitter: 0.9 };
/** The first release in which a cluster checks expected sequences of subjects so that only one of several writes is taken. */
const CHECKED_SINCE = [2, 10] as const;

/**
 * Writes that happen where the newest message of their subject is the expected one, and nowhere else.
 *
 * C1. Of several writes that expect the same message one is taken. In a cluster, nats-server before 2.10 looks at the expected
 *     message of a subject only before it proposes (nats-server issue 4320): two that come close together are both taken. There the
 *     write also names the last sequence of the whole stream, which is checked where it is applied, and is tried again where
 *     something else was written to the stream in between.
 * C2. A refusal alone decides nothing, since newer servers refuse while any write to the subject is on its way: the subject is looked
 *     at, and only another message there is a conflict.
 */
export class ConditionalWrites {
  constructor(
    private readonly connection: NatsConnection,
    private readonly stream: string,
    private readonly parts: { timeoutMs: number; clock: Clock; random: Random },
  ) {}

  /**
   * @param expected the sequence of the newest message of the subject; 0: there is none, or it is a deletion
   * @returns the sequence
   * @throws MultiswarmError `revision-conflict`, `too-much-contention`
   * @throws StreamRefusal
   */
  async store(
    subject: string,
    data: string,
    expected: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const { timeoutMs, clock, random } = this.parts;
    const isFenced = mayTakeTwo(this.connection);
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const fence = isFenced ? { 'Nats-Expected-Last-Sequence': String(await this.lastSequence()) } : {};
      // Behind the fence: where nothing has been written since, this is what is there when the write is applied.
      const expectedLast = isFenced || tries > 1 ? await this.assertNewest(subject, expected) : expected;
      try {
        const more = { ...headers, ...fence };
        return await storeMessage(this.connection, subject, data, { headers: more, expectedLast, timeoutMs });
      } catch (error) {
        if (!(error instanceof StreamRefusal && error.isConflict)) throw error;
      }
      if (tries > 1) await delay(clock, backoffMs(PAUSE, tries, random));
    }
    throw new MultiswarmError('too-much-contention', `others wrote there each of ${MOST_TRIES} times`);
  }

  /** Whether writes of this process should come one after the other: each names the last sequence of the whole stream. C1. */
  get hinderEachOther(): boolean {
    return mayTakeTwo(this.connection);
  }

  /** The sequence to expect, where the subject is as expected. */
  private async assertNewest(subject: string, expected: number): Promise<number> {
    const newest = await lastMessageOf(this.connection, this.stream, subject);
    const isAsExpected = expected === 0 ? newest?.isMarker !== false : newest?.seq === expected;
    if (isAsExpected) return newest?.seq ?? 0;
    throw new MultiswarmError('revision-conflict', 'it was changed since it was read');
  }

  private async lastSequence(): Promise<number> {
    const { state } = await askStream<{ state: { last_seq: number } }>(
      this.connection,
      `STREAM.INFO.${this.stream}`,
      {},
    );
    return state.last_seq;
  }
}

/** Whether the servers are a cluster that may take two writes that expect the same. */
function mayTakeTwo({ info }: NatsConnection): boolean {
  if (info?.cluster === undefined) return false;
  const [major = 0, minor = 0] = info.version.split('.').map(Number);
  return major < CHECKED_SINCE[0] || (major === CHECKED_SINCE[0] && minor < CHECKED_SINCE[1]);
}

import { Printed, type Bus } from '@multiswarm/bus';
import { LIMITS, subjects, type StreamEntry } from '@multiswarm/contracts';
import {
  backoffMs,
  deferred,
  delay,
  Fifo,
  type Backoff,
  type Clock,
  type Deferred,
  type Random,
} from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { SDK_LIMITS } from '../limits';
import type { StreamRoom } from './stream-room';

export interface StreamEnvironment {
  bus: Pick<Bus, 'publishStored'>;
  clock: Clock;
  random: Random;
  log: Logger;
  room: StreamRoom;
}

/** A message leaves at most so often, unless there is enough for a full one: a line a millisecond must not be a message each. */
const PAUSE_MS = 50;
const BACKOFF: Backoff = { initialMs: 250, factor: 2, maxMs: 5_000, jitter: 0.3 };

interface Entry {
  seq: number;
  json: string;
  bytes: number;
}

/**
 * What one attempt says, on its way to the stream from which watchers read.
 *
 * O1. A handler never waits for it, and memory is bounded: where more is said than leaves, the oldest of what waits is dropped.
 * O2. Entries are numbered before anything is dropped, so that a reader sees what is missing.
 * O3. One message is under way at a time; it is repeated under the same id until it is stored, or all is over: a time after the end
 *     of the attempt, or with the swarm.
 */
export class AttemptStream {
  private readonly waiting = new Fifo<Entry>();
  private waitingBytes = 0;
  private seq = 0;
  private sending = false;
  /** Something else than a progress is on its way. */
  private spoke = false;
  /** The last try to store something has failed. */
  private failing = false;
  private closed = false;
  private over = false;
  private pausing: { cut: AbortController; hurried: boolean } | undefined;
  private whenIdle: Deferred<void> | undefined;

  constructor(
    private readonly of: { taskId: string; attempt: number; swarmId: string },
    private readonly environment: StreamEnvironment,
  ) {}

  /** @param entry without its number; it fits `LIMITS.STREAM_ENTRY_BYTES` */
  add(entry: Omit<StreamEntry, 'seq'>): void {
    if (this.closed) return;
    this.seq += 1;
    if (entry.kind !== 'progress') this.spoke = true;
    const json = JSON.stringify({ seq: this.seq, ...entry });
    const bytes = Buffer.byteLength(json);
    this.waiting.push({ seq: this.seq, json, bytes });
    this.waitingBytes += bytes;
    const { room } = this.environment;
    room.count(bytes);
    while (this.waitingBytes > SDK_LIMITS.STREAM_BUFFER_BYTES) this.take(); // O1
    while (room.isFull && this.take());
    if (this.waitingBytes >= LIMITS.STREAM_MESSAGE_BYTES && this.pausing?.hurried) this.pausing.cut.abort();
    if (this.sending || this.waiting.size === 0) return;
    this.sending = true;
    room.begins(this);
    void this.send();
  }

  /**
   * Whether something is about to be stored that a watcher should have before the end. The owner hears of progress anyway, and no
   * report waits for a stream that cannot be reached.
   */
  get busy(): boolean {
    return this.sending && this.spoke && !this.failing;
  }

  /** Sends what waits at once; resolves when all of it is stored, or after `ms`. Nothing is taken from then on. */
  async close(ms: number): Promise<void> {
    this.closed = true;
    if (!this.sending || this.over) return;
    const idle = (this.whenIdle = deferred<void>());
    this.pausing?.cut.abort();
    const giveUp = this.environment.clock.after(ms, () => idle.resolve());
    await idle.promise;
    giveUp();
    this.giveUp();
  }

  /** What is not stored by now never will be. */
  giveUp(): void {
    this.closed = true;
    this.over = true;
    while (this.take());
    this.pausing?.cut.abort();
    this.whenIdle?.resolve();
  }

  private async send(): Promise<void> {
    const { clock } = this.environment;
    await new Promise<void>((resolve) => clock.soon(resolve)); // what is said in one turn travels together
    const { room } = this.environment;
    for (let message = this.message(); message; message = this.message()) {
      room.count(message.bytes);
      await this.store(message);
      room.count(-message.bytes);
      if (this.waiting.size === 0 || this.closed) continue;
      if (this.waitingBytes < LIMITS.STREAM_MESSAGE_BYTES) await this.pause(PAUSE_MS, true);
    }
    this.sending = false;
    room.ends(this);
    this.spoke = false;
    this.whenIdle?.resolve();
  }

  private message(): { id: string; body: Printed; bytes: number } | undefined {
    const entries: string[] = [];
    let first = 0;
    let bytes = 0;
    for (let next = this.waiting.peek(); next; next = this.waiting.peek()) {
      if (entries.length > 0 && bytes + next.bytes > LIMITS.STREAM_MESSAGE_BYTES) break;
      bytes += next.bytes;
      this.take();
      if (entries.length === 0) first = next.seq;
      entries.push(next.json);
    }
    if (entries.length === 0) return undefined;
    const { taskId, attempt } = this.of;
    const head = JSON.stringify({ v: 1, ...this.of });
    return {
      id: `${taskId}.${attempt}.${first}`,
      bytes,
      body: new Printed(`${head.slice(0, -1)},"entries":[${entries.join()}]}`),
    };
  }

  /** O3. */
  private async store({ id, body }: { id: string; body: Printed }): Promise<void> {
    const { bus, random, log } = this.environment;
    const { taskId, attempt } = this.of;
    const subject = subjects.attemptStream(taskId, attempt);
    for (let failures = 1; !this.over; failures++) {
      try {
        await bus.publishStored(subject, body, { messageId: id });
        this.failing = false;
        return;
      } catch (error) {
        this.failing = true;
        if (failures === 1) log.debug('what an attempt says is not stored yet', { error, taskId, attempt });
        await this.pause(backoffMs(BACKOFF, failures, random), false);
      }
    }
  }

  /** @param hurried it ends when there is enough for a full message */
  private async pause(ms: number, hurried: boolean): Promise<void> {
    if (this.over) return;
    const pause = { cut: new AbortController(), hurried };
    this.pausing = pause;
    await delay(this.environment.clock, ms, pause.cut.signal).catch(() => undefined);
    this.pausing = undefined;
  }

  private take(): Entry | undefined {
    const entry = this.waiting.shift();
    if (entry) {
      this.waitingBytes -= entry.bytes;
      this.environment.room.count(-entry.bytes);
    }
    return entry;
  }
}

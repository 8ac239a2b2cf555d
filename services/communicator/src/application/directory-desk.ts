import {
  LIMITS,
  MultiswarmError,
  type Advertise,
  type DirectoryChanges,
  type DirectoryChangesQuery,
  type DirectoryEntry,
  type DirectoryFilter,
  type DirectoryPage,
  type Heartbeat,
  type NamedAdvertisement,
  type SearchDirectory,
  type WithdrawnAdvertisement,
} from '@multiswarm/contracts';
import { deferred, delay, every, within, type Clock } from '@multiswarm/core';
import { DirectoryReader, type DirectoryNews } from '@multiswarm/messaging';
import type { Logger } from '@multiswarm/telemetry';
import { Directory } from '../domain/directory/directory';
import { entryOf } from '../domain/directory/entry';
import { Sources, type AdvertisementRecord } from '../domain/directory/sources';
import type { Heard, Presence } from '../domain/presence';
import type { Ledger, Stored } from './ledger';
import { News } from './news';

export interface DirectoryDeskParts {
  /** Where advertisements are kept: every replica sees all of them. */
  ledger: Pick<Ledger<AdvertisementRecord>, 'change' | 'list' | 'watch'>;
  presence: Presence;
  clock: Clock;
  logger: Logger;
  /** By this name others address this replica: each has its own order of changes. */
  replica: string;
}

/** How often it is looked at who is silent, and what is over. */
const LOOK_MS = 1_000;
const AGAIN_MS = 1_000;
/** How long somebody waits for a replica that has not read yet what is stored. */
const READY_MS = 5_000;
/** How long it is known that something was withdrawn: earlier news of it may still be on their way. */
const WITHDRAWN_MS = 5_000;
const ALL = '*.*';

/**
 * Who can do what: swarms by their heartbeats, and whatever was advertised.
 *
 * A1. What was advertised is stored before it is answered, and is found at this replica from then on; at others as soon as they hear of it.
 * A2. An advertisement ends when its time is over, and one that belongs to a swarm also with that swarm.
 */
export class DirectoryDesk {
  private readonly directory = new Directory();
  private readonly sources = new Sources();
  private readonly news: News;
  private readonly ready = deferred<void>();
  private readonly stopping = new AbortController();
  private closeWatch: () => void = () => undefined;
  private stopLooking: () => void = () => undefined;
  private following: Promise<void> = Promise.resolve();

  constructor(private readonly parts: DirectoryDeskParts) {
    this.news = new News(parts.clock);
  }

  start(): void {
    this.stopLooking = every(this.parts.clock, LOOK_MS, () => this.look());
    this.following = this.follow();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.stopLooking();
    this.closeWatch();
    this.news.wakeAll();
    await this.following;
  }

  /** Each heartbeat, and what it did to who is there. */
  heard(beat: Heartbeat, heard: Heard): void {
    if (heard === 'stale' || heard === 'full') return;
    const isOther = heard === 'left' ? this.sources.judge(beat.swarmId, 'down') : this.sources.heard(beat);
    if (isOther) this.refresh(beat.swarmId);
  }

  /** @throws MultiswarmError `swarm-not-found`, `body-too-large`, `state-full`, `state-unavailable` */
  async advertise({ ttlMs, ...said }: Advertise): Promise<DirectoryEntry> {
    await this.settled();
    const { namespace, swarmId } = said;
    const record = { ...said, withdrawn: false, expiresAt: this.parts.clock.now() + ttlMs };
    this.assertRoom(record);
    this.take(await this.parts.ledger.change(keyOf(said), () => record));
    const entry = this.directory.get(namespace, swarmId);
    if (entry) return entry;
    throw new MultiswarmError('swarm-not-found', `"${swarmId}" has gone while it was advertised`);
  }

  /** @throws MultiswarmError `state-unavailable` */
  async withdraw(named: NamedAdvertisement): Promise<WithdrawnAdvertisement> {
    await this.settled();
    const { swarmId } = named;
    if (!this.sources.find(named.namespace, swarmId)) return { swarmId, withdrawn: false };
    const expiresAt = this.parts.clock.now() + WITHDRAWN_MS;
    const gone = { ...named, capabilities: [], whilePresent: false, withdrawn: true, expiresAt };
    this.take(await this.parts.ledger.change(keyOf(named), () => gone));
    return { swarmId, withdrawn: true };
  }

  /** @throws MultiswarmError `swarm-not-found` */
  async get({ namespace, swarmId }: NamedAdvertisement): Promise<DirectoryEntry> {
    await this.settled();
    const entry = this.directory.get(namespace, swarmId);
    if (entry) return entry;
    throw new MultiswarmError(
      'swarm-not-found',
      `nothing is known of "${swarmId}": it has no heartbeats, and is not advertised`,
    );
  }

  async search(asked: SearchDirectory): Promise<DirectoryPage> {
    await this.settled();
    return this.directory.search(asked);
  }

  /** Waits until there is something to tell, the time is over, or the signal is aborted. @throws MultiswarmError `too-many-watchers` */
  async changes(
    { after, waitMs, ...filter }: DirectoryChangesQuery,
    signal?: AbortSignal,
  ): Promise<DirectoryChanges> {
    await this.settled();
    const { clock, replica } = this.parts;
    const until = clock.monotonic() + waitMs;
    for (let place = after?.replica === replica ? after : undefined; ;) {
      const page = this.directory.changesBehind(place, filter);
      const leftMs = until - clock.monotonic();
      const isTold = page.reset || !page.complete || page.changes.length > 0;
      if (isTold || leftMs <= 0 || this.isOver(signal)) return { ...page, place: { ...page.place, replica } };
      place = { ...page.place, replica };
      await this.news.wait(leftMs, signal);
    }
  }

  /** What is there, and what comes. */
  watch(filter: DirectoryFilter): { entries: AsyncIterable<DirectoryNews>; close: () => void } {
    const over = new AbortController();
    return { entries: this.readOn(filter, over.signal), close: () => over.abort() };
  }

  private async *readOn(filter: DirectoryFilter, signal: AbortSignal): AsyncGenerator<DirectoryNews> {
    const reader = new DirectoryReader();
    while (!this.isOver(signal)) {
      const after = reader.place === undefined ? {} : { after: reader.place };
      yield* reader.take(
        await this.changes({ ...filter, ...after, waitMs: LIMITS.DIRECTORY_WAIT_MS }, signal),
      );
    }
  }

  private isOver(signal: AbortSignal | undefined): boolean {
    return this.stopping.signal.aborted || signal?.aborted === true;
  }

  private assertRoom(record: AdvertisementRecord): void {
    const { namespace, swarmId } = record;
    if (record.whilePresent && !this.sources.isPresent(swarmId))
      throw new MultiswarmError(
        'swarm-not-found',
        `"${swarmId}" is not a connected swarm: start it first, or leave out "whilePresent"`,
      );
    const bytes = Buffer.byteLength(
      JSON.stringify(entryOf(swarmId, undefined, { ...record, whilePresent: false })),
    );
    if (bytes > LIMITS.ADVERTISEMENT_BYTES)
      throw new MultiswarmError(
        'body-too-large',
        `the advertisement has ${bytes} bytes, the limit is ${LIMITS.ADVERTISEMENT_BYTES} (ADVERTISEMENT_BYTES)`,
      );
    if (
      this.sources.find(namespace, swarmId) === undefined &&
      this.sources.count(namespace) >= LIMITS.ADVERTISEMENTS
    )
      throw new MultiswarmError(
        'state-full',
        `there are ${LIMITS.ADVERTISEMENTS} advertisements already (ADVERTISEMENTS)`,
      );
  }

  /** Reads what is stored, and what comes, for ever. */
  private async follow(): Promise<void> {
    const { ledger, clock, logger } = this.parts;
    const { signal } = this.stopping;
    while (!this.isOver(signal)) {
      try {
        const { entries, close } = await ledger.watch(ALL);
        this.closeWatch = close;
        for (const stored of await ledger.list(ALL)) this.take(stored);
        this.ready.resolve();
        if (this.isOver(signal)) close();
        for await (const stored of entries) this.take(stored);
      } catch (error) {
        if (!this.isOver(signal)) logger.warn('advertisements cannot be read; trying again', { error });
      }
      await delay(clock, AGAIN_MS, signal).catch(() => undefined);
    }
  }

  /** Nothing is said before all that is stored is known. */
  private async settled(): Promise<void> {
    const text = 'the directory is not read yet: NATS does not answer, or this communicator has just started';
    await within(this.parts.clock, READY_MS, this.ready.promise, () => {
      throw new MultiswarmError('state-unavailable', text);
    });
  }

  private take({ record, revision }: Stored<AdvertisementRecord>): void {
    if (record.expiresAt <= this.parts.clock.now()) return;
    if (this.sources.stored(record, revision)) this.refresh(record.swarmId);
  }

  private look(): void {
    const { presence, clock } = this.parts;
    const nowMs = clock.monotonic();
    for (const swarmId of this.sources.present())
      if (this.sources.judge(swarmId, presence.look(swarmId, nowMs)?.state)) this.refresh(swarmId);
    for (const record of this.sources.expired(clock.now())) {
      this.sources.drop(record);
      this.refresh(record.swarmId);
    }
  }

  private refresh(swarmId: string): void {
    if (this.directory.set(swarmId, this.sources.views(swarmId))) this.news.tell();
  }
}

function keyOf({ namespace, swarmId }: NamedAdvertisement): string {
  return `${namespace}.${swarmId}`;
}

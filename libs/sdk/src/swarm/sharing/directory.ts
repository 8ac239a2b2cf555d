import { NobodyListensError } from '@multiswarm/bus';
import {
  DirectoryChanges,
  DirectoryEntry,
  DirectoryPage,
  LIMITS,
  subjects,
  WithdrawnAdvertisement,
} from '@multiswarm/contracts';
import { deferred, delay, every, type Cancel } from '@multiswarm/core';
import { DirectoryReader, type DirectoryNews } from '@multiswarm/messaging';
import type { Door } from './door';
import type {
  AdvertisedEntry,
  AdvertiseInput,
  DirectoryClient,
  DirectoryQuery,
  DirectorySearch,
  DirectoryWatch,
} from './types';

/** A part of its time after which an advertisement is renewed; the rest is for tries that fail. */
const RENEW_AFTER = 1 / 3;
const WAIT_MS = 20_000;
const ANSWER_MS = 5_000;
const AGAIN_MS = 500;
const FOUND = 100;

/** The directory of capabilities, as a swarm uses it. */
export class SwarmDirectory implements DirectoryClient {
  private stopRenewing: Cancel = () => undefined;
  private advertised: object | undefined;
  private readonly watches = new Set<() => void>();

  constructor(private readonly door: Door) {}

  async advertise(said: AdvertiseInput): Promise<AdvertisedEntry> {
    const { swarmId, clock, log } = this.door.options;
    const { ttlMs = LIMITS.ADVERTISEMENT_BY_DEFAULT_MS } = said;
    const body = { ...said, swarmId, whilePresent: true };
    const ask = (): Promise<DirectoryEntry> =>
      this.door.ask(subjects.directory('advertise'), body, DirectoryEntry);
    const entry = await ask();
    this.stopRenewing();
    this.advertised = body;
    this.stopRenewing = every(clock, ttlMs * RENEW_AFTER, async () => {
      await ask().catch((error: unknown) => log.warn('an advertisement could not be renewed', { error }));
    });
    return { entry, withdraw: () => this.withdraw(body) };
  }

  async search({ limit = FOUND, ...filter }: DirectorySearch = {}): Promise<DirectoryEntry[]> {
    const found: DirectoryEntry[] = [];
    let cursor: string | null = null;
    do {
      const page: DirectoryPage = await this.door.ask(
        subjects.directory('search'),
        {
          ...filter,
          limit: Math.min(limit - found.length, LIMITS.PAGE_ITEMS),
          ...(cursor === null ? {} : { cursor }),
        },
        DirectoryPage,
      );
      found.push(...page.items);
      cursor = page.next;
    } while (cursor !== null && found.length < limit);
    return found;
  }

  get(swarmId: string): Promise<DirectoryEntry> {
    return this.door.ask(subjects.directory('get'), { swarmId }, DirectoryEntry);
  }

  async watch(filter: DirectoryQuery = {}): Promise<DirectoryWatch> {
    const reader = new DirectoryReader();
    const first = reader.take(await this.changes(filter, reader, 0));
    const over = new AbortController();
    const close = (): void => {
      over.abort();
      this.watches.delete(close);
    };
    this.watches.add(close);
    const rest = (): AsyncGenerator<DirectoryNews> => this.readOn(filter, reader, over.signal);
    return {
      async *[Symbol.asyncIterator]() {
        yield* first;
        yield* rest();
      },
      close,
    };
  }

  /** Nothing is renewed or told any more. */
  async close(): Promise<void> {
    for (const close of [...this.watches]) close();
    const { advertised } = this;
    if (advertised !== undefined && this.door.isOpen) await this.withdraw(advertised).catch(() => undefined);
  }

  /** What was advertised in its place meanwhile stays. */
  private async withdraw(said: object): Promise<void> {
    if (this.advertised !== said) return;
    this.stopRenewing();
    this.advertised = undefined;
    const { swarmId } = this.door.options;
    await this.door.ask(subjects.directory('withdraw'), { swarmId }, WithdrawnAdvertisement);
  }

  private async *readOn(
    filter: DirectoryQuery,
    reader: DirectoryReader,
    over: AbortSignal,
  ): AsyncGenerator<DirectoryNews> {
    const { clock, log } = this.door.options;
    const ended = deferred<undefined>();
    over.addEventListener('abort', () => ended.resolve(undefined), { once: true });
    while (!over.aborted) {
      const asked = this.changes(filter, reader, WAIT_MS).catch(async (error: unknown) => {
        if (!over.aborted) log.debug('the directory does not answer; asking again', { error });
        await delay(clock, AGAIN_MS, over).catch(() => undefined);
      });
      const page = await Promise.race([asked, ended.promise]);
      if (page) yield* reader.take(page);
    }
  }

  /** From the replica whose changes it reads; where that is gone, from any other. */
  private async changes(
    filter: DirectoryQuery,
    { place }: DirectoryReader,
    waitMs: number,
  ): Promise<DirectoryChanges> {
    const { bus, options } = this.door;
    const body = { namespace: options.namespace, ...filter, waitMs, ...(place ? { after: place } : {}) };
    const asked = { reply: DirectoryChanges, timeoutMs: waitMs + ANSWER_MS };
    if (place === undefined) return bus.request(subjects.directory('changes'), body, asked);
    return bus.request(subjects.directoryChanges(place.replica), body, asked).catch((error: unknown) => {
      if (!(error instanceof NobodyListensError)) throw error;
      return bus.request(subjects.directory('changes'), body, asked);
    });
  }
}

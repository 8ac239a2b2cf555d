import { KeyValueBucket, type KeyValueEntry } from '@multiswarm/bus';
import {
  LIMITS,
  MultiswarmError,
  parseOrThrow,
  RemovedState,
  stateBucketId,
  StateBucketView,
  StateEntry,
  StateHistory,
  StateKeyPage,
  StateRevision,
  subjects,
  type JsonValue,
} from '@multiswarm/contracts';
import { backoffMs, delay } from '@multiswarm/core';
import { z } from 'zod';
import { hasCode, type Door } from './door';
import type {
  SharedBucket,
  SharedChange,
  SharedStateClient,
  SharedValue,
  SharedWatch,
  WriteOptions,
} from './types';

/** Between the tries of an update: whoever was quicker has most likely more to write. */
const PAUSE = { initialMs: 2, factor: 1.5, maxMs: 200, jitter: 0.9 };
const ANYTHING = z.custom<JsonValue>();

export function sharedStateOf(door: Door): SharedStateClient {
  return {
    bucket: (name: string, schema: z.ZodType = ANYTHING) => new Bucket(door, name, schema),
  } as SharedStateClient; // the schema says what is in it
}

/**
 * U1. An update writes only over what it has read: nothing that somebody else wrote in between is lost.
 * U2. What does not fit the schema is neither written nor handed on.
 */
class Bucket<T> implements SharedBucket<T> {
  constructor(
    private readonly door: Door,
    private readonly name: string,
    private readonly schema: z.ZodType<T>,
  ) {}

  async get(key: string): Promise<SharedValue<T> | undefined> {
    try {
      const entry = await this.ask('get', { key }, StateEntry);
      return { ...this.toChange(entry), value: this.read(entry.value) };
    } catch (error) {
      if (hasCode(error, 'state-not-found')) return undefined;
      throw error;
    }
  }

  async put(key: string, value: T, { ifRevision }: WriteOptions = {}): Promise<number> {
    const only = ifRevision === undefined ? {} : { ifRevision };
    const checked = parseOrThrow(this.schema, value);
    return (await this.ask('put', { key, value: checked, ...only }, StateRevision)).revision;
  }

  async update(
    key: string,
    change: (current: T | undefined) => T | undefined,
  ): Promise<SharedValue<T> | undefined> {
    const { clock, random } = this.door.options;
    for (let tries = 1; tries <= LIMITS.STATE_UPDATE_TRIES; tries++) {
      const current = await this.get(key);
      const value = change(current?.value);
      if (value === undefined) return current;
      try {
        const revision = await this.put(key, value, { ifRevision: current?.revision ?? 0 });
        return { key, value, revision, at: new Date(clock.now()).toISOString() };
      } catch (error) {
        if (!hasCode(error, 'revision-conflict')) throw error;
        await delay(clock, backoffMs(PAUSE, tries, random));
      }
    }
    throw new MultiswarmError(
      'too-much-contention',
      `the key "${key}" was changed by others each of ${LIMITS.STATE_UPDATE_TRIES} times (STATE_UPDATE_TRIES)`,
    );
  }

  async delete(key: string, { ifRevision }: WriteOptions = {}): Promise<void> {
    await this.ask('delete', { key, ...(ifRevision === undefined ? {} : { ifRevision }) }, RemovedState);
  }

  async keys(filter = '>'): Promise<string[]> {
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: StateKeyPage = await this.ask(
        'list',
        { filter, limit: LIMITS.PAGE_ITEMS, cursor },
        StateKeyPage,
      );
      found.push(...page.items);
      cursor = page.next;
    }
    return found;
  }

  async history(key: string): Promise<SharedChange<T>[]> {
    try {
      const { items } = await this.ask('history', { key }, StateHistory);
      return items.map((entry) => this.toChange(entry));
    } catch (error) {
      if (hasCode(error, 'state-not-found')) return [];
      throw error;
    }
  }

  async watch(filter = '>', { after }: { after?: number } = {}): Promise<SharedWatch<T>> {
    await this.ask('bucket', {}, StateBucketView).catch(async (error: unknown) => {
      if (!hasCode(error, 'state-not-found')) throw error;
      await this.ask('make', { options: {} }, StateBucketView);
    });
    const id = stateBucketId(this.door.options.namespace, this.name);
    const { entries, close } = await new KeyValueBucket(this.door.bus.connection, id).watch(filter, after);
    const toChange = (entry: KeyValueEntry): SharedChange<T> => this.fromBucket(entry);
    return {
      async *[Symbol.asyncIterator]() {
        for await (const entry of entries) yield toChange(entry);
      },
      close,
    };
  }

  private ask<S extends z.ZodType>(verb: string, body: object, reply: S): Promise<z.output<S>> {
    return this.door.ask(subjects.state(verb), { bucket: this.name, ...body }, reply);
  }

  private fromBucket({ key, revision, value, at }: KeyValueEntry): SharedChange<T> {
    const known = value === undefined ? undefined : this.read(JSON.parse(value));
    return { key, revision, at: new Date(at).toISOString(), value: known };
  }

  private toChange({ key, revision, at, value, deleted }: StateEntry): SharedChange<T> {
    return { key, revision, at, value: deleted ? undefined : this.read(value) };
  }

  private read(value: unknown): T {
    return parseOrThrow(this.schema, value, 'internal');
  }
}

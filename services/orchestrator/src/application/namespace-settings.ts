import {
  MultiswarmError,
  NamespaceSettings,
  type NamespaceChanged,
  type NamespacePage,
  type NamespaceView,
  type PutNamespace,
} from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';
import type { NamespaceEntry, NamespaceStore } from '../ports';

export interface NamespaceNews {
  /** To all replicas, this one among them. */
  changed(news: NamespaceChanged): void;
}

/** News may get lost on their way: all of it is read again this often. */
const REFRESH_MS = 30_000;
const DEFAULTS: NamespaceSettings = Object.freeze(NamespaceSettings.parse({}));

/**
 * What platform engineers have set for each namespace: read and changed in Redis, and at hand, without waiting, for whoever
 * schedules or counts retention on this replica.
 *
 * N1. Of two readings of a namespace the one with the higher revision counts, whichever came last.
 */
export class Namespaces {
  private readonly known = new Map<string, NamespaceEntry>();
  private readonly listeners: ((namespace: string) => void)[] = [];
  private cancel: Cancel = () => undefined;

  constructor(
    private readonly store: NamespaceStore,
    private readonly news: NamespaceNews,
    private readonly clock: Clock,
    private readonly onFault: (error: unknown) => void,
  ) {}

  /** @throws MultiswarmError `store-unavailable`: without the limits nothing should be scheduled */
  async start(): Promise<void> {
    await this.refresh();
    this.cancel = every(this.clock, REFRESH_MS, async () => {
      await this.refresh().catch(this.onFault);
    });
  }

  stop(): void {
    this.cancel();
  }

  /** Called with the name of a namespace whose settings are other than before. */
  onChange(listener: (namespace: string) => void): void {
    this.listeners.push(listener);
  }

  settings(namespace: string): NamespaceSettings {
    return this.known.get(namespace)?.settings ?? DEFAULTS;
  }

  /** Whether any namespace keeps its events for less than the stream does. */
  get limitEvents(): boolean {
    return [...this.known.values()].some(({ settings }) => settings.eventRetentionMs !== undefined);
  }

  /** Another replica says that it has changed one. */
  async observe({ namespace, revision }: NamespaceChanged): Promise<void> {
    if (revision <= (this.known.get(namespace)?.revision ?? 0)) return;
    await this.get(namespace).catch(this.onFault);
  }

  async get(namespace: string): Promise<NamespaceView> {
    const entry = await this.store.get(namespace);
    this.learn(entry);
    return toView(entry);
  }

  /** Those that somebody has set, by name. */
  async list({ limit, cursor }: { limit: number; cursor?: string | undefined }): Promise<NamespacePage> {
    const entries = await this.refresh();
    const rest = entries
      .sort((a, b) => (a.namespace < b.namespace ? -1 : 1))
      .filter(({ namespace }) => cursor === undefined || namespace > cursor);
    const items = rest.slice(0, limit).map(toView);
    return { items, next: rest.length > limit ? (items.at(-1)?.namespace ?? null) : null };
  }

  /** @throws MultiswarmError `revision-conflict` where it was changed since `ifRevision` was read */
  async put({ namespace, settings, ifRevision }: PutNamespace): Promise<NamespaceView> {
    const revision = await this.store.put(namespace, settings, ifRevision);
    if (revision === 'conflict') {
      const message = `namespace ${namespace} was changed since revision ${ifRevision} was read: read it again`;
      throw new MultiswarmError('revision-conflict', message);
    }
    const entry = { namespace, settings, revision };
    this.learn(entry);
    this.news.changed({ v: 1, namespace, revision });
    return toView(entry);
  }

  private async refresh(): Promise<NamespaceEntry[]> {
    const entries = await this.store.all();
    for (const entry of entries) this.learn(entry);
    return entries;
  }

  /** N1. */
  private learn(entry: NamespaceEntry): void {
    const { namespace, revision } = entry;
    if (revision <= (this.known.get(namespace)?.revision ?? 0)) return;
    this.known.set(namespace, entry);
    for (const listener of this.listeners) listener(namespace);
  }
}

function toView({ namespace, settings, revision }: NamespaceEntry): NamespaceView {
  return { ...settings, namespace, revision };
}

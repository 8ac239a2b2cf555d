import type { NamespaceChanged, NamespaceRouting } from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';
import type { NamespaceRoutingStore } from '../ports';

/** News may get lost on their way: all of it is read again this often. */
const REFRESH_MS = 30_000;

/** What namespaces say of how their tasks are placed: of Redis, and at hand without waiting for whoever places. */
export class NamespaceRoutings {
  private known: ReadonlyMap<string, NamespaceRouting> = new Map();
  private revisions = new Map<string, number>();
  private reading: Promise<void> | undefined;
  private cancel: Cancel = () => undefined;

  constructor(
    private readonly store: NamespaceRoutingStore,
    private readonly clock: Clock,
    private readonly onFault: (error: unknown) => void,
  ) {}

  /** @throws MultiswarmError `store-unavailable` */
  async start(): Promise<void> {
    await this.refresh();
    this.cancel = every(this.clock, REFRESH_MS, async () => {
      await this.refresh().catch(this.onFault);
    });
  }

  stop(): void {
    this.cancel();
  }

  get(namespace: string): NamespaceRouting | undefined {
    return this.known.get(namespace);
  }

  all(): ReadonlyMap<string, NamespaceRouting> {
    return this.known;
  }

  /** Somebody has changed one: few do, so all are read again. */
  observe({ namespace, revision }: NamespaceChanged): void {
    if (revision > (this.revisions.get(namespace) ?? 0)) this.refreshSoon();
  }

  refreshSoon(): void {
    // What is being read may be older than the news.
    const before = this.reading ?? Promise.resolve();
    void before.then(() => this.refresh()).catch(this.onFault);
  }

  private refresh(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async read(): Promise<void> {
    const entries = await this.store.all();
    this.revisions = new Map(entries.map(({ namespace, revision }) => [namespace, revision]));
    this.known = new Map(
      entries.flatMap(({ namespace, routing }) => (routing === undefined ? [] : [[namespace, routing]])),
    );
  }
}

import { setMaxListeners } from 'node:events';
import type { StreamItem } from '@multiswarm/contracts';
import type { Client } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';

/** What somebody heard who watched one task from its submission to its end, through whatever happened meanwhile. */
export interface Watched {
  readonly taskId: string;
  readonly items: readonly StreamItem[];
  /** Whether the stream said that it is over; else what ended it. */
  readonly ended: boolean;
  readonly error?: string;
}

/** Watchers that wait at the same time; further tasks are not watched. */
const AT_ONCE = 200;

/** Those who watch what attempts say: each goes on by itself after interruptions, as the SDK does. */
export class Watchers {
  readonly watched: Watched[] = [];
  private readonly stopping = new AbortController();
  private readonly watching = new Set<string>();

  constructor(private readonly clients: readonly Client[]) {
    setMaxListeners(0, this.stopping.signal); // all of them listen to it
  }

  watch(taskId: string): void {
    const client = this.clients[this.watched.length % this.clients.length];
    if (!client || this.watching.size >= AT_ONCE) return;
    this.watching.add(taskId);
    void this.follow(client, taskId).finally(() => this.watching.delete(taskId));
  }

  /** To be called when all tasks have ended: their streams have to end, too. */
  async stop(forMs: number): Promise<void> {
    const allEnded = (): boolean => this.watching.size === 0;
    await eventually(allEnded, { timeoutMs: forMs }).catch(() => undefined);
    this.stopping.abort();
    await eventually(allEnded, { timeoutMs: forMs }).catch(() => undefined);
  }

  private async follow(client: Client, taskId: string): Promise<void> {
    const items: StreamItem[] = [];
    try {
      for await (const item of client.task(taskId).stream({ signal: this.stopping.signal })) items.push(item);
      this.watched.push({ taskId, items, ended: true });
    } catch (error) {
      this.watched.push({ taskId, items, ended: false, error: String(error) });
    }
  }
}

import type { Event } from '@multiswarm/contracts';
import type { Client } from '@multiswarm/sdk';

/** Somebody who follows all events from the beginning of the run on, over server-sent events, and goes on after interruptions. */
export class Ears {
  /** By root, in the order in which they came. */
  readonly heard = new Map<string, Event[]>();
  readonly gaps: string[] = [];
  private readonly stopping = new AbortController();
  private readonly listening: Promise<void>;
  private failure: Error | undefined;

  constructor(client: Client) {
    this.listening = this.listen(client).catch((error: unknown) => {
      if (!this.stopping.signal.aborted)
        this.failure = error instanceof Error ? error : new Error(String(error));
    });
  }

  /** Whether the end of this task was heard. */
  heardEnd(id: string): boolean {
    const last = this.heard.get(id)?.at(-1)?.type;
    return last !== undefined && ENDS.has(last);
  }

  /** @returns what ended the stream, if anything did */
  async stop(): Promise<Error | undefined> {
    this.stopping.abort();
    await this.listening;
    return this.failure;
  }

  private async listen(client: Client): Promise<void> {
    const { signal } = this.stopping;
    const onGap = (reason: string): void => void this.gaps.push(reason);
    for await (const { id: _id, ...event } of client.events({ signal, onGap })) {
      const events = this.heard.get(event.root);
      if (events) events.push(event);
      else this.heard.set(event.root, [event]);
    }
  }
}

const ENDS: ReadonlySet<string> = new Set([
  'task.succeeded',
  'task.failed',
  'task.cancelled',
  'task.expired',
]);

import type { Event, EventType } from '@multiswarm/contracts';
import type { Client, EventsOptions } from '@multiswarm/sdk';

export interface EarsOptions {
  readonly name: string;
  /** Of each, in turn, if there are several. */
  readonly clients: readonly Client[];
  /** So long at each; then it goes on at the next one, after the last event that it has. */
  readonly stayMs?: number;
  /** What it asks for; without it everything. */
  readonly filter?: Pick<EventsOptions, 'type'>;
  /** Whether it has to hear an event. */
  readonly hears?: (event: Event) => boolean;
}

/** Somebody who follows events from the beginning of the run on, over server-sent events, and goes on after interruptions. */
export class Ears {
  readonly name: string;
  readonly hears: (event: Event) => boolean;
  /** By root, in the order in which they came. */
  readonly heard = new Map<string, Event[]>();
  readonly gaps: string[] = [];
  private readonly stopping = new AbortController();
  private readonly listening: Promise<void>;
  private lastEventId: string | undefined;

  constructor(private readonly options: EarsOptions) {
    this.name = options.name;
    this.hears = options.hears ?? (() => true);
    this.listening = this.listen().catch((error: unknown) => {
      if (!this.stopping.signal.aborted) this.gaps.push(`the stream ended: ${String(error)}`);
    });
  }

  /** Whether the end of this task was heard. */
  heardEnd(id: string): boolean {
    const last = this.heard.get(id)?.at(-1);
    return last !== undefined && isEnd(last);
  }

  /** Whether all of a history was heard that it has to hear. */
  hasHeard(history: readonly Event[]): boolean {
    const last = history.findLast((event) => this.hears(event));
    return last === undefined || this.heard.get(last.root)?.at(-1)?.seq === last.seq;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.listening;
  }

  private async listen(): Promise<void> {
    const { clients, stayMs } = this.options;
    for (let turn = 0; !this.stopping.signal.aborted; turn += 1) {
      const client = clients[turn % clients.length];
      if (!client) return;
      if (stayMs === undefined) await this.listenTo(client, this.stopping.signal);
      else await this.visit(client, AbortSignal.timeout(stayMs));
    }
  }

  private async visit(client: Client, leaving: AbortSignal): Promise<void> {
    try {
      await this.listenTo(client, AbortSignal.any([leaving, this.stopping.signal]));
    } catch (error) {
      if (!leaving.aborted) throw error;
    }
  }

  private async listenTo(client: Client, signal: AbortSignal): Promise<void> {
    const from = this.lastEventId === undefined ? {} : { lastEventId: this.lastEventId };
    const onGap = (reason: string): void => void this.gaps.push(reason);
    for await (const { id, ...event } of client.events({ ...this.options.filter, ...from, signal, onGap })) {
      this.lastEventId = id;
      const events = this.heard.get(event.root);
      if (events) events.push(event);
      else this.heard.set(event.root, [event]);
    }
  }
}

/** Events with which a task is over. */
export const ENDS = [
  'task.succeeded',
  'task.failed',
  'task.cancelled',
  'task.expired',
] as const satisfies EventType[];

export function isEnd({ type }: Event): boolean {
  return ENDS.some((end) => end === type);
}

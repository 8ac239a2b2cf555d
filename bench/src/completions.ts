import { subjects } from '@multiswarm/contracts';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';

const SUCCEEDED = Buffer.from('"type":"task.succeeded"');
const FAILED = Buffer.from('"type":"task.failed"');

/**
 * Counts tasks that have ended well, by the live events.
 *
 * The messages are searched for the bytes that every such event has, and not parsed: the peer's client reads nothing at
 * all per job (its worker counts), and what this client would spend on parsing all events of all tasks would be taken from
 * the services, which share the cores with it. A message that comes again, under the same number, counts once. They are
 * sent here only from the first time on that anybody counts: who measures something else does not pay for it.
 */
export class Completions {
  private subscription: Subscription | undefined;
  private readonly newest = new Map<string, number>();
  private seen = 0;
  private awaited: { count: number; resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(private readonly connection: NatsConnection) {}

  /** Has the events sent here. What is handed in over the same connection from now on is not missed; `next` does it, too. */
  begin(): void {
    this.subscription ??= this.subscribe();
  }

  /** Resolves when `count` tasks have succeeded from now on. */
  next(count: number): Promise<void> {
    this.begin();
    this.seen = 0;
    return new Promise((resolve, reject) => {
      this.awaited = { count, resolve, reject };
    });
  }

  stop(): void {
    this.subscription?.unsubscribe();
    this.subscription = undefined;
  }

  private subscribe(): Subscription {
    return this.connection.subscribe(subjects.allEvents(), {
      callback: (error, message) => {
        if (error) this.awaited?.reject(error);
        else this.see(message.headers?.get('Nats-Msg-Id') ?? '', message.data);
      },
    });
  }

  private see(messageId: string, data: Uint8Array): void {
    const [shard = '', number = ''] = messageId.split('.');
    if (Number(number) <= (this.newest.get(shard) ?? 0)) return;
    this.newest.set(shard, Number(number));
    const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    if (body.includes(FAILED)) this.awaited?.reject(new Error(`a task failed: ${body.toString()}`));
    this.seen += occurrences(body, SUCCEEDED);
    if (this.awaited && this.seen >= this.awaited.count) this.awaited.resolve();
  }
}

/** How often the bytes of `needle` stand in `body`. */
export function occurrences(body: Buffer, needle: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(needle); at !== -1; at = body.indexOf(needle, at + needle.length)) count += 1;
  return count;
}

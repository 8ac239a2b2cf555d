import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { eventually } from '@multiswarm/testing';

export interface Sent {
  id: string;
  event: string;
  data: Record<string, unknown>;
}

/** A reader of `GET /v1/events`, as `EventSource` is one. */
export class EventReader {
  readonly events: Sent[] = [];
  /** As `EventSource` keeps it: also an id without an event counts. */
  lastId = '';
  private readonly abort = new AbortController();
  private ending: Promise<void> = Promise.resolve();

  static async open(url: string, query = '', lastEventId?: string): Promise<EventReader> {
    const reader = new EventReader();
    const response = await fetch(`${url}/v1/events${query}`, {
      signal: reader.abort.signal,
      headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    });
    if (!response.headers.get('content-type')?.includes('text/event-stream'))
      throw new Error(`no stream of events: ${response.status} ${await response.text()}`);
    reader.ending = reader.read(response.body as ReadableStream<Uint8Array>).catch(() => undefined);
    return reader;
  }

  async until(enough: (events: Sent[]) => boolean): Promise<Sent[]> {
    await eventually(() => enough(this.events), {
      describe: () => `enough events, got ${JSON.stringify(this.events.map(({ id, event }) => [id, event]))}`,
    });
    return this.events;
  }

  close(): Promise<void> {
    this.abort.abort();
    return this.ending;
  }

  /** When the server has ended the stream. */
  ended(): Promise<void> {
    return this.ending;
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) this.take(part);
    }
  }

  private take(part: string): void {
    const fields = new Map(
      part
        .split('\n')
        .filter((line) => !line.startsWith(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const),
    );
    this.lastId = fields.get('id') ?? this.lastId;
    const data = fields.get('data');
    if (data === undefined) return;
    this.events.push({
      id: fields.get('id') ?? '',
      event: fields.get('event') ?? '',
      data: JSON.parse(data) as Record<string, unknown>,
    });
  }
}

export const endOf =
  (id: string) =>
  (events: Sent[]): boolean =>
    events.some(({ event, data }) => event === 'task.succeeded' && data['root'] === id);

/** @param reads whether the answer is read, and left unread otherwise */
export function ask(url: string, options: RequestOptions, reads = true): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => resolve(reads ? response.resume() : response));
    sent.once('error', reject);
    sent.end();
  });
}

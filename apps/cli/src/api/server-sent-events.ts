/** https://html.spec.whatwg.org/multipage/server-sent-events.html, as far as a client that reconnects itself needs it. */
export interface ServerSentEvent {
  id: string | undefined;
  event: string;
  data: string;
}

/** An event longer than this ends the stream: nothing that we send comes near it. */
const EVENT_CHARS = 4 * 1024 * 1024;

/** @param onPosition told the id to come back with, also where the server sends one without an event */
export async function* readServerSentEvents(
  body: AsyncIterable<Uint8Array>,
  onPosition: (id: string) => void = () => undefined,
): AsyncGenerator<ServerSentEvent> {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    yield* parser.push(decoder.decode(chunk, { stream: true }));
    if (parser.position !== undefined) onPosition(parser.position);
  }
}

export class EventParser {
  private rest = '';
  private data: string[] = [];
  private event = '';
  private id: string | undefined;
  /** The last id of which all that came before it is complete. */
  position: string | undefined;

  /** Takes text in any portions; returns the events that it completed. */
  push(text: string): ServerSentEvent[] {
    const complete: ServerSentEvent[] = [];
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    if (this.rest.length > EVENT_CHARS) throw new Error(`an event is longer than ${EVENT_CHARS} characters`);
    for (const line of lines) {
      if (line === '') this.dispatch(complete);
      else this.field(line);
    }
    return complete;
  }

  private dispatch(into: ServerSentEvent[]): void {
    if (this.data.length > 0)
      into.push({ id: this.id, event: this.event || 'message', data: this.data.join('\n') });
    this.data = [];
    this.event = '';
    this.position = this.id;
  }

  private field(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.data.push(value);
    else if (name === 'event') this.event = value;
    else if (name === 'id') this.id = value;
  }
}

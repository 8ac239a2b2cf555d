import { MultiswarmError } from '@multiswarm/contracts';
import { SDK_LIMITS } from '../limits';

export interface SseMessage {
  /** The last id that the stream named, which is what a reader resumes from. */
  id: string | undefined;
  event: string;
  data: string;
}

/**
 * Reads `text/event-stream` as the HTML standard says (https://html.spec.whatwg.org/multipage/server-sent-events.html):
 * any line ending, comments, several data lines, ids that stay in force until the next. Chunks may be cut anywhere.
 */
export class SseParser {
  private rest = '';
  private data: string[] = [];
  private bytes = 0;
  private event = '';
  private lastId: string | undefined;
  private first = true;

  /** The last id of which all that came before it is complete: what a reader resumes from. */
  position: string | undefined;

  /** The messages that this chunk completes. */
  feed(chunk: string): SseMessage[] {
    let text = this.rest + chunk;
    if (this.first && text !== '') {
      this.first = false;
      text = text.replace(/^\uFEFF/, '');
    }
    // A carriage return at the end may be half of a line ending.
    const end = text.endsWith('\r') ? text.length - 1 : text.length;
    const lines = text.slice(0, end).split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? '') + text.slice(end);
    const messages: SseMessage[] = [];
    for (const line of lines) {
      const message = this.line(line);
      if (message) messages.push(message);
    }
    if (this.rest.length + this.bytes > SDK_LIMITS.SSE_EVENT_BYTES) {
      throw new MultiswarmError(
        'body-too-large',
        `an event of the stream is larger than ${SDK_LIMITS.SSE_EVENT_BYTES} bytes`,
      );
    }
    return messages;
  }

  private line(line: string): SseMessage | undefined {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') {
      this.data.push(value);
      this.bytes += value.length;
    } else if (field === 'event') this.event = value;
    else if (field === 'id' && !value.includes('\0')) this.lastId = value === '' ? undefined : value;
    return undefined;
  }

  private dispatch(): SseMessage | undefined {
    const { data, event, lastId } = this;
    this.data = [];
    this.bytes = 0;
    this.event = '';
    this.position = lastId;
    return data.length === 0 ? undefined : { id: lastId, event: event || 'message', data: data.join('\n') };
  }
}

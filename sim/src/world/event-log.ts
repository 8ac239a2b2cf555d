import type { Timeline } from './timeline';

/** What JetStream keeps of one message. */
export interface Stored {
  seq: number;
  subject: string;
  text: string;
}

/** As the stream of events is configured; see the orchestrator. */
const DEDUP_WINDOW_MS = 120_000;

/** The stream of JetStream: it keeps what is published, in the order of arrival, and a message id once within its window. */
export class EventLog {
  readonly messages: Stored[] = [];
  private readonly ids = new Map<string, { seq: number; at: number }>();

  constructor(private readonly timeline: Timeline) {}

  store(subject: string, text: string, messageId: string): { seq: number; duplicate: boolean } {
    const earlier = this.ids.get(messageId);
    if (earlier && this.timeline.now - earlier.at < DEDUP_WINDOW_MS)
      return { seq: earlier.seq, duplicate: true };
    const seq = this.messages.length + 1;
    this.messages.push({ seq, subject, text });
    this.ids.set(messageId, { seq, at: this.timeline.now });
    return { seq, duplicate: false };
  }
}

import type { StoredTopicEvent } from '@multiswarm/bus';
import {
  asMultiswarmError,
  TOPIC_EVENT_KIND,
  toMessage,
  type CopiedEvent,
  type JsonValue,
  type Message,
  type MessageSubmission,
} from '@multiswarm/contracts';
import { hash } from 'node:crypto';
import type { MailPoster } from '../topic-ports';

/**
 * Puts copies of events into mailboxes.
 *
 * C1. A copy has an id that follows from its event and its mailbox: what is copied twice is kept once, as long as the stream of mailboxes
 *     knows ids.
 * C2. A mailbox that has subscribed is never unknown: where nobody has read it for so long that it was forgotten, it is made again.
 */
export class EventCopier {
  constructor(private readonly poster: MailPoster) {}

  /** @throws MultiswarmError where the copy is not in the mailbox, or nobody knows */
  async copy(event: StoredTopicEvent, mailbox: string): Promise<void> {
    const message = copyOf(event, mailbox);
    try {
      await this.poster.post(message);
    } catch (error) {
      if (asMultiswarmError(error).code !== 'recipient-unknown') throw error;
      await this.poster.makeMailbox(event.namespace, mailbox); // C2
      await this.poster.post(message);
    }
  }
}

function copyOf(event: StoredTopicEvent, mailbox: string): Message {
  const { namespace, topic, from, id, seq, at, data, traceparent } = event;
  const unique = hash('sha256', `${seq}\0${id}\0${at}\0${namespace}\0${mailbox}`).slice(0, 32); // C1
  const copied = { topic, id, seq, at, data } satisfies CopiedEvent & { data: JsonValue };
  const submission: MessageSubmission = {
    ...{ from, to: mailbox, kind: TOPIC_EVENT_KIND, namespace },
    ...{ priority: 'normal', qos: 'at-least-once', data: copied },
  };
  return toMessage(submission, { id: `m-${unique}`, acceptedAtMs: Date.parse(at), traceparent });
}

import { askStream, StreamRefusal, type Bus } from '@multiswarm/bus';
import { MultiswarmError, streams, subjects } from '@multiswarm/contracts';
import type { MailReferences } from '../../payload-ports';

interface Page {
  state: { subjects?: Record<string, number> };
  total?: number;
}

/** What senders have noted in the stream of payloads of messages. Where there is no such stream nobody has ever sent one. */
export function mailReferences({ connection }: Bus): MailReferences {
  return async (asked) => {
    const found = new Set<string>();
    try {
      for (let offset = 0; ;) {
        const query = { subjects_filter: subjects.allMailPayloads('*'), offset };
        const page = await askStream<Page>(connection, `STREAM.INFO.${streams.mailPayloads}`, query);
        const noted = Object.keys(page.state.subjects ?? {});
        for (const subject of noted) {
          const id = payloadOf(subject);
          if (asked.has(id)) found.add(id);
        }
        offset += noted.length;
        if (noted.length === 0 || offset >= (page.total ?? 0)) return found;
      }
    } catch (cause) {
      if (cause instanceof StreamRefusal && cause.isMissing) return found;
      const text = 'which payloads messages refer to is not known: JetStream does not answer';
      throw new MultiswarmError('payload-store-unavailable', text, { cause });
    }
  };
}

/** Its namespace and its hash, after the domain in `subjects.mailPayload`. */
function payloadOf(subject: string): string {
  return subject.split('.').slice(4, 6).join('.');
}

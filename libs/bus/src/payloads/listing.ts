import { MultiswarmError } from '@multiswarm/contracts';
import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { descriptionIn, type Description } from './description';

const PAGE = 256;
const PAGE_EXPIRES_MS = 2_000;

/** What is read of a consumer and of its messages. */
export interface ListReader {
  fetch(
    asked: Parameters<Consumer['fetch']>[0],
  ): Promise<
    AsyncIterable<Pick<JsMsg, 'seq' | 'data'> & { info: Pick<JsMsg['info'], 'pending' | 'timestampNanos'> }>
  >;
  info(): Promise<{ num_pending: number }>;
}

/**
 * All descriptions, page by page: what is removed meanwhile never comes, and who waited for it would wait for ever. A page that
 * brings nothing is the end only if the server has nothing more: who takes a part for the whole removes what is in use.
 * @throws MultiswarmError `payload-store-unavailable` where the list breaks off
 */
export async function* listed(reader: ListReader): AsyncGenerator<Description, void, undefined> {
  for (let came = 1; came > 0;) {
    came = 0;
    for await (const message of await reader.fetch({ max_messages: PAGE, expires: PAGE_EXPIRES_MS })) {
      came += 1;
      const at = message.info.timestampNanos / 1_000_000;
      const found = descriptionIn({ seq: message.seq, at, data: Buffer.from(message.data) });
      if (found) yield found;
      if (message.info.pending === 0) return;
    }
  }
  const { num_pending: pending } = await reader.info();
  if (pending > 0)
    throw new MultiswarmError(
      'payload-store-unavailable',
      `the list of payloads broke off: ${pending} did not come`,
    );
}

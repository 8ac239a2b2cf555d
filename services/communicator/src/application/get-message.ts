import { MultiswarmError, type MessageStatus } from '@multiswarm/contracts';
import type { StatusStore } from '../ports';

export type GetMessage = (id: string) => Promise<MessageStatus>;

/** The delivery status of a message, or `message-not-found` where it was never accepted or is forgotten already. */
export function getMessage(statuses: StatusStore, keepMs: number): GetMessage {
  return async (id) => {
    const status = await statuses.find(id);
    if (status) return status;
    throw new MultiswarmError(
      'message-not-found',
      `no message "${id}": it was never accepted, or its status is forgotten (kept for ${keepMs / 60_000} minutes, less under load)`,
    );
  };
}

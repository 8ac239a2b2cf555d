import { forgetMessages, type Bus } from '@multiswarm/bus';
import { MessageId, PayloadId, streams, subjects } from '@multiswarm/contracts';

/** Whether a sender of ours can have noted it; what is none of ours was never noted. */
export function isNotable(payload: string, messageId: string): boolean {
  return PayloadId.safeParse(payload).success && MessageId.safeParse(messageId).success;
}

/** A message has ended: its payload is not kept for it any more. */
export async function releasePayload(
  bus: Bus,
  domain: string,
  payload: string,
  messageId: string,
): Promise<void> {
  if (!isNotable(payload, messageId)) return;
  await forgetMessages(
    bus.connection,
    streams.mailPayloads,
    subjects.mailPayload(domain, payload, messageId),
  );
}

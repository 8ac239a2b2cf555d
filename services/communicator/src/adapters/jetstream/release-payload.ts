import { forgetMessages, type Bus } from '@multiswarm/bus';
import { MessageId, PayloadId, streams, subjects } from '@multiswarm/contracts';

/** A message has ended: its payload is not kept for it any more. What is none of ours was never noted. */
export async function releasePayload(
  bus: Bus,
  domain: string,
  payload: string,
  messageId: string,
): Promise<void> {
  if (!PayloadId.safeParse(payload).success || !MessageId.safeParse(messageId).success) return;
  await forgetMessages(
    bus.connection,
    streams.mailPayloads,
    subjects.mailPayload(domain, payload, messageId),
  );
}

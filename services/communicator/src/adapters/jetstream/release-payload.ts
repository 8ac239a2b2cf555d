import { forgetMessages, type Bus } from '@multiswarm/bus';
import { MessageId, PayloadId, streams, subjects, type MailName } from '@multiswarm/contracts';

/** Whether a sender of ours can have noted it; what is none of ours was never noted. */
export function isNotable(payload: string, { id }: MailName): boolean {
  return PayloadId.safeParse(payload).success && MessageId.safeParse(id).success;
}

/** A message has ended: its payload is not kept for it any more. */
export async function releasePayload(
  bus: Bus,
  domain: string,
  payload: string,
  mail: MailName,
): Promise<void> {
  if (!isNotable(payload, mail)) return;
  await forgetMessages(bus.connection, streams.mailPayloads, subjects.mailPayload(domain, payload, mail));
}

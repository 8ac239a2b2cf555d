import { asMultiswarmError, type MessageStatus, type MessageSubmission } from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import { startSpan, type Logger } from '@multiswarm/telemetry';
import { assertSenderPresent, recipientsOf } from '../domain/addressing';
import { toEnvelope } from '../domain/envelope';
import type { Presence } from '../domain/presence';
import { assertPromisable, type Relaying } from '../domain/promises';
import type { CountMessage, MailCarrier, StatusStore } from '../ports';

/** Recipients that a status names; it counts them all. A broadcast to a large fleet must not make a large record. */
export const RECIPIENTS_NAMED = 100;

export interface SendMessageDependencies {
  presence: Presence;
  carrier: MailCarrier;
  statuses: StatusStore;
  relaying: Relaying;
  count: CountMessage;
  logger: Logger;
  clock: Clock;
  ids: Ids;
}

/** Where a message came in: over NATS its sender must be a connected swarm, over HTTP it may be anybody. */
export interface Origin {
  via: 'nats' | 'http';
  traceparent: string | undefined;
}

export type SendMessage = (submission: MessageSubmission, origin: Origin) => Promise<MessageStatus>;

/**
 * Takes a message and hands it to its recipients.
 *
 * D1. Nothing is sent twice: a message is published once, and never by a retry of ours.
 * D2. An error means that nothing was sent: the status is written first, and taken back when the publish fails.
 * D3. A promise that cannot be kept is refused before anything is written.
 */
export function sendMessage(deps: SendMessageDependencies): SendMessage {
  return async (submission, origin) => {
    const span = startSpan('message.send', {
      parent: origin.traceparent,
      kind: 'producer',
      attributes: { 'messaging.system': 'nats', 'messaging.operation.type': 'send' },
    });
    const logger = deps.logger.child({
      traceparent: span.traceparent,
      from: submission.from,
      to: submission.to,
    });
    try {
      const status = await relay(deps, submission, origin, span.traceparent);
      deps.count(submission.kind, status.status);
      logger.debug('message sent', {
        messageId: status.id,
        kind: status.kind,
        status: status.status,
        recipients: status.recipientCount,
      });
      span.end();
      return status;
    } catch (error) {
      const { code } = asMultiswarmError(error);
      deps.count(submission.kind, code);
      logger.debug('message refused', { kind: submission.kind, code });
      span.end(error);
      throw error;
    }
  };
}

async function relay(
  { presence, carrier, statuses, relaying, clock, ids }: SendMessageDependencies,
  submission: MessageSubmission,
  { via }: Origin,
  traceparent: string,
): Promise<MessageStatus> {
  assertPromisable(submission, relaying);
  const nowMs = clock.monotonic();
  if (via === 'nats') assertSenderPresent(submission.from, presence, nowMs);
  const recipients = recipientsOf(submission.from, submission.to, presence, nowMs);
  const acceptedAtMs = clock.now();
  const id = `m-${ids.next()}`;
  const envelope = toEnvelope(submission, { id, acceptedAtMs, traceparent });
  const status = toStatus(submission, id, recipients, acceptedAtMs);
  await statuses.record(status);
  if (recipients.length > 0) await carryOrForget(carrier, statuses, envelope);
  return status;
}

async function carryOrForget(
  carrier: MailCarrier,
  statuses: StatusStore,
  envelope: Parameters<MailCarrier['carry']>[0],
): Promise<void> {
  try {
    carrier.carry(envelope);
  } catch (error) {
    // The fault of the carrier is what the sender has to know; a status left behind expires by itself.
    await statuses.forget(envelope.body.id).catch(() => undefined);
    throw error;
  }
}

function toStatus(
  { from, to, kind, qos }: MessageSubmission,
  id: string,
  recipients: string[],
  acceptedAtMs: number,
): MessageStatus {
  return {
    id,
    from,
    to,
    kind,
    qos,
    status: recipients.length > 0 ? 'published' : 'no-recipient',
    recipients: recipients.slice(0, RECIPIENTS_NAMED),
    recipientCount: recipients.length,
    acceptedAt: new Date(acceptedAtMs).toISOString(),
  };
}

import {
  asMultiswarmError,
  assertKindData,
  MultiswarmError,
  toMessage,
  type Message,
  type MessageStatus,
  type MessageSubmission,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import { startSpan, type Logger } from '@multiswarm/telemetry';
import { assertNoSwarm, assertSenderPresent, assertSubjectOf, recipientsOf } from '../domain/addressing';
import type { Presence } from '../domain/presence';
import { assertPromisable, type Relaying } from '../domain/promises';
import type { CountMessage, Outbox, StatusStore } from '../ports';
import { BroadcastCopies } from './broadcast-copies';

/** Recipients that a status names; it counts them all. A broadcast to a large fleet must not make a large record. */
export const RECIPIENTS_NAMED = 100;

export interface SendMessageDependencies {
  presence: Presence;
  outbox: Outbox;
  /** How long the mailboxes of a broadcast are tried, milliseconds. */
  mailTryMs: number;
  statuses: StatusStore;
  relaying: Relaying;
  count: CountMessage;
  logger: Logger;
  clock: Clock;
  ids: Ids;
}

/** Where a message came in: over NATS its sender is the connected swarm that the subject names, over HTTP anybody who is none. */
export type Origin = { traceparent: string | undefined } & (
  { via: 'nats'; subject: string } | { via: 'http' }
);

export type SendMessage = (submission: MessageSubmission, origin: Origin) => Promise<MessageStatus>;

/**
 * Takes a message and hands it to its recipients.
 *
 * D1. What is sent at most once is published once, and never by a retry of ours; what is stored is stored once under its id.
 * D2. An error of a message at most once means that nothing was sent. Of one that is stored it means that it is not, or, where nobody
 *     answers, that nobody knows; the same id again is the same message, while the stream knows it (T1 of `MailSender`). A broadcast that
 *     some mailboxes have taken is no error: its status says who has it and who has not.
 * D3. A promise that cannot be kept is refused before anything is written.
 */
export function sendMessage(deps: SendMessageDependencies): SendMessage {
  const copies = new BroadcastCopies(deps);
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
      const status = await relay({ ...deps, copies }, submission, origin, span.traceparent);
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
  deps: SendMessageDependencies & { copies: BroadcastCopies },
  given: MessageSubmission,
  origin: Origin,
  traceparent: string,
): Promise<MessageStatus> {
  const { presence, statuses, relaying, clock, ids, outbox } = deps;
  assertPromisable(given, relaying);
  // What is not here is held against its schema where it is handled.
  if (given.dataRef === undefined) assertKindData(given.kind, given.data);
  const nowMs = clock.monotonic();
  assertSender(given, origin, presence, nowMs);
  const submission = await outbox.checkIn(given);
  const stamp = { id: `m-${ids.next()}`, acceptedAtMs: clock.now(), traceparent };
  const message = toMessage(submission, stamp);
  const { from, to, qos } = submission;
  if (qos !== 'at-most-once' && to !== '*') {
    const { breaker } = await outbox.store(message);
    const status = toStatus(message, [to], 'stored');
    return recorded(deps, breaker === undefined ? status : { ...status, breaker });
  }
  const recipients = recipientsOf(from, to, presence, nowMs);
  const status = toStatus(message, recipients, outcome(qos, recipients));
  // D2: written first. That of a message which is not sent then is asked for by nobody.
  if (qos === 'at-most-once') await statuses.record(status);
  if (recipients.length === 0) return status;
  if (qos !== 'at-most-once') return recorded(deps, await storedForAll(deps.copies, message, recipients));
  outbox.carry(message);
  return status;
}

/** @throws MultiswarmError `forged-sender`, `swarm-not-found` */
function assertSender(
  submission: MessageSubmission,
  origin: Origin,
  presence: Presence,
  nowMs: number,
): void {
  if (origin.via === 'http') return assertNoSwarm(submission.from, presence, nowMs);
  assertSubjectOf(submission, origin.subject);
  assertSenderPresent(submission.from, presence, nowMs);
}

/** The message is where it should be: a status that cannot be kept is no reason to say otherwise. */
async function recorded(
  { statuses, logger }: SendMessageDependencies,
  status: MessageStatus,
): Promise<MessageStatus> {
  await statuses.record(status).catch((error: unknown) => logger.warn('a status was not kept', { error }));
  return status;
}

/** D2. @throws MultiswarmError where no mailbox has taken it: what the first one says */
async function storedForAll(
  copies: BroadcastCopies,
  message: Message,
  recipients: readonly string[],
): Promise<MessageStatus> {
  const tries = await copies.store(message, recipients);
  const stored = recipients.filter((_, index) => tries[index]?.status === 'fulfilled');
  const refused = tries.flatMap((each, index) =>
    each.status === 'rejected' ? [refusal(recipients[index] ?? '', each.reason)] : [],
  );
  const [first] = refused;
  if (first === undefined) return toStatus(message, recipients, 'stored');
  if (stored.length === 0) throw refusedByAll(first, recipients.length);
  return {
    ...toStatus(message, stored, 'partly-stored'),
    refused: refused.slice(0, RECIPIENTS_NAMED).map(({ error, to }) => ({
      ...{ to, code: error.code, detail: error.message, retryable: error.retryable },
      ...error.fill,
    })),
    refusedCount: refused.length,
  };
}

interface Refusal {
  to: string;
  error: MultiswarmError;
}

function refusal(to: string, reason: unknown): Refusal {
  return { to, error: asMultiswarmError(reason) };
}

function refusedByAll({ to, error }: Refusal, count: number): MultiswarmError {
  if (count === 1) return error;
  const text = `none of ${count} recipients has got it; of "${to}" it is said: ${error.message}`;
  return new MultiswarmError(error.code, text, { cause: error, fill: error.fill });
}

function outcome(qos: string, recipients: readonly string[]): MessageStatus['status'] {
  if (recipients.length === 0) return 'no-recipient';
  return qos === 'at-most-once' ? 'published' : 'stored';
}

function toStatus(
  { id, from, to, kind, qos, sentAt }: Message,
  recipients: readonly string[],
  status: MessageStatus['status'],
): MessageStatus {
  return {
    ...{ id, from, to, kind, qos, status },
    recipients: recipients.slice(0, RECIPIENTS_NAMED),
    recipientCount: recipients.length,
    acceptedAt: sentAt,
  };
}

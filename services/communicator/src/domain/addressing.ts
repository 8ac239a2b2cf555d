import { BROADCAST_TOKEN, MultiswarmError, subjects, type MessageSubmission } from '@multiswarm/contracts';
import { DOWN_AFTER_INTERVALS } from '@multiswarm/core';
import { closeIds } from './close-ids';
import type { Presence } from './presence';

/** Swarms that receive a message now. Empty only for a broadcast that nobody else is there to hear. */
export function recipientsOf(from: string, to: string, presence: Presence, nowMs: number): string[] {
  if (to === '*') return presence.present(nowMs).filter((id) => id !== from);
  // Its mail would travel on the subject of broadcasts, to everyone.
  if (to === BROADCAST_TOKEN) {
    throw new MultiswarmError(
      'invalid-request',
      `"${to}" is reserved: address "*" to reach every other swarm`,
      {
        findings: [{ pointer: '/to', code: 'reserved-id', message: 'write "*" for every other swarm' }],
      },
    );
  }
  if (presence.isPresent(to, nowMs)) return [to];
  throw new MultiswarmError('recipient-unknown', whyUnknown(to, presence, nowMs));
}

/** Permissions of NATS say who may publish on which subject; what a message says besides must be the same. @throws MultiswarmError `forged-sender` */
export function assertSubjectOf(
  { namespace, from }: Pick<MessageSubmission, 'namespace' | 'from'>,
  subject: string,
): void {
  if (subject === subjects.messageSend(namespace, from)) return;
  throw new MultiswarmError(
    'forged-sender',
    `the message is from "${from}" of the namespace "${namespace}", and was sent on ${subject}`,
  );
}

/** Over HTTP nobody can be told from anybody else, so nobody speaks there as a swarm that speaks for itself. @throws MultiswarmError `forged-sender` */
export function assertNoSwarm(from: string, presence: Presence, nowMs: number): void {
  if (!presence.isPresent(from, nowMs)) return;
  throw new MultiswarmError(
    'forged-sender',
    `"${from}" is a connected swarm, which sends its messages itself: over HTTP send under a name that no swarm has`,
  );
}

/** A message over NATS names a swarm that is connected, as well. */
export function assertSenderPresent(from: string, presence: Presence, nowMs: number): void {
  if (presence.isPresent(from, nowMs)) return;
  throw new MultiswarmError('swarm-not-found', `the sender ${whyUnknown(from, presence, nowMs)}`);
}

function whyUnknown(id: string, presence: Presence, nowMs: number): string {
  const seen = presence.look(id, nowMs);
  if (seen) {
    return `"${id}" is down: no heartbeat for ${Math.round(seen.silentMs)} ms, which is ${DOWN_AFTER_INTERVALS} intervals or more`;
  }
  const close = closeIds(id, presence.present(nowMs));
  const suggestion =
    close.length > 0 ? `; connected are ${close.map((known) => `"${known}"`).join(', ')}` : '';
  return `"${id}" is not a connected swarm${suggestion}`;
}

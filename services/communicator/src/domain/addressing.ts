import { BROADCAST_TOKEN, MultiswarmError } from '@multiswarm/contracts';
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

/** A message over NATS names a swarm that is connected: until there are API keys, that is all that can be checked. */
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

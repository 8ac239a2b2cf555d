import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '@multiswarm/core';
import type { Listening, ServiceSeen } from './bus';

/**
 * The discovery part of the NATS micro-services protocol (nats-architecture-and-design ADR-32): PING, INFO and STATS on
 * `$SRV.<verb>[.<name>[.<id>]]`, so that `nats micro ls` shows us. The published client package for it is a
 * pre-release bound to an older core, hence these few lines.
 */
export function announce(
  connection: NatsConnection,
  service: { name: string; version: string; description: string },
  id: string,
  started: Date,
): Listening {
  const identity = { name: service.name, id, version: service.version, metadata: {} };
  const bodies: Record<string, unknown> = {
    PING: { type: 'io.nats.micro.v1.ping_response', ...identity },
    INFO: {
      type: 'io.nats.micro.v1.info_response',
      ...identity,
      description: service.description,
      endpoints: [],
    },
    STATS: {
      type: 'io.nats.micro.v1.stats_response',
      ...identity,
      started: started.toISOString(),
      endpoints: [],
    },
  };
  const subscriptions = Object.entries(bodies).flatMap(([verb, body]) => {
    const text = JSON.stringify(body);
    return [`$SRV.${verb}`, `$SRV.${verb}.${service.name}`, `$SRV.${verb}.${service.name}.${id}`].map(
      (subject) =>
        connection.subscribe(subject, { callback: (_error, message) => void message.respond(text) }),
    );
  });
  return { stop: () => subscriptions.forEach((subscription) => subscription.unsubscribe()) };
}

/** Everyone who answers `$SRV.PING` within `waitMs`. */
export function discover(
  connection: NatsConnection,
  clock: Clock,
  inbox: string,
  waitMs: number,
): Promise<ServiceSeen[]> {
  return new Promise((resolve) => {
    const seen: ServiceSeen[] = [];
    const subscription = connection.subscribe(inbox, {
      callback: (_error, message) => {
        const answer = safeJson(message.string());
        if (answer && typeof answer.name === 'string')
          seen.push({ name: answer.name, id: String(answer.id), version: String(answer.version) });
      },
    });
    connection.publish('$SRV.PING', '', { reply: inbox });
    clock.after(waitMs, () => {
      subscription.unsubscribe();
      resolve(seen);
    });
  });
}

function safeJson(text: string): { name?: unknown; id?: unknown; version?: unknown } | undefined {
  try {
    return JSON.parse(text) as { name?: unknown };
  } catch {
    return undefined;
  }
}

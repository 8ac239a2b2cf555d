import { connectBus } from '@multiswarm/bus';
import { MultiswarmError } from '@multiswarm/contracts';
import { systemClock, systemIds, systemRandom } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { ConnectedClient } from './connected-client';
import { HttpTransport } from './http-transport';
import { NatsTransport } from './nats-transport';
import { Port, type PortOptions } from './port';
import type { Transport } from './transport';
import type { Client, ConnectOptions } from './types';

const DEFAULTS = { retryForMs: 30_000, requestTimeoutMs: 10_000 } as const;

/** Connects over NATS (`servers`) or HTTP (`url`). Over NATS it throws `bus-unavailable` when no server answers. */
export async function connect(options: ConnectOptions): Promise<Client> {
  const settings = {
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    ids: options.ids ?? systemIds,
    log: options.logger ?? createLogger({ service: 'client', level: 'warn' }),
    requestTimeoutMs: options.requestTimeoutMs ?? DEFAULTS.requestTimeoutMs,
    retryForMs: options.retryForMs ?? DEFAULTS.retryForMs,
    requestedBy: options.requestedBy,
  };
  const transport = await openTransport(options, settings);
  return new ConnectedClient(new Port({ transport, ...settings }));
}

async function openTransport(
  options: ConnectOptions,
  settings: Omit<PortOptions, 'transport'>,
): Promise<Transport> {
  const { clock, random, ids, log, retryForMs } = settings;
  if ('url' in options) return new HttpTransport(options.url, clock, random, retryForMs, options);
  if ('bus' in options) return new NatsTransport(options.bus, false, settings);
  if (!('servers' in options))
    throw new MultiswarmError(
      'invalid-configuration',
      'connect needs `url` (http://127.0.0.1:8080), `servers` (nats://127.0.0.1:4222) or `bus`',
    );
  const onFault = (error: unknown, subject: string): void =>
    log.warn('a message could not be read', { error, subject });
  const bus = await connectBus({ servers: options.servers, name: 'client', clock, ids, onFault });
  return new NatsTransport(bus, true, settings);
}

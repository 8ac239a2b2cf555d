import { connectBus } from '@multiswarm/bus';
import { systemClock, systemIds, systemRandom } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { ConnectedClient } from './connected-client';
import { HttpTransport } from './http-transport';
import { NatsTransport } from './nats-transport';
import { Port } from './port';
import type { Transport } from './transport';
import type { Client, ConnectOptions } from './types';

const DEFAULTS = { retryForMs: 30_000, requestTimeoutMs: 10_000 } as const;

/** Connects over NATS (`servers`) or HTTP (`url`). Over NATS it throws `bus-unavailable` when no server answers. */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { clock = systemClock, random = systemRandom, ids = systemIds } = options;
  const log = options.logger ?? createLogger({ service: 'client', level: 'warn' });
  const { retryForMs = DEFAULTS.retryForMs, requestTimeoutMs = DEFAULTS.requestTimeoutMs } = options;
  const transport = await openTransport(options, { clock, random, ids, log });
  return new ConnectedClient(new Port({ transport, clock, random, ids, log, requestTimeoutMs, retryForMs }));
}

async function openTransport(
  options: ConnectOptions,
  {
    clock,
    random,
    ids,
    log,
  }: Required<Pick<ConnectOptions, 'clock' | 'random' | 'ids'>> & {
    log: NonNullable<ConnectOptions['logger']>;
  },
): Promise<Transport> {
  if ('url' in options) return new HttpTransport(options.url, clock, random);
  if ('bus' in options) return new NatsTransport(options.bus, false);
  const onFault = (error: unknown, subject: string): void =>
    log.warn('a message could not be read', { error, subject });
  return new NatsTransport(
    await connectBus({ servers: options.servers, name: 'client', clock, ids, onFault }),
    true,
  );
}

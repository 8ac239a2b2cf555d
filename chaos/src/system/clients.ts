import { connectBus, type Bus } from '@multiswarm/bus';
import { connect, type Client } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import type { Deployment } from './deployment';
import { ORCHESTRATORS } from './settings';

/** Those who use the system under test. */
export interface Clients {
  readonly bus: Client;
  readonly http: Client;
  /** Of two other orchestrators: to follow events. */
  readonly listeners: readonly [Client, Client];
  /** The connection of the first. */
  readonly connection: Bus;
  close(): Promise<void>;
}

/** How long a client repeats what fails; without it as the SDK does by itself. */
export interface Patience {
  readonly retryForMs: number;
  readonly requestTimeoutMs: number;
}

export async function openClients({ nats, urls }: Deployment, patience: Partial<Patience>): Promise<Clients> {
  const [first, second, third] = ORCHESTRATORS;
  const logger = createLogger({ service: 'client', level: 'error' });
  const patient = { ...patience, logger };
  const url = (name: string): string => urls.get(name) ?? '';
  const connection = await connectBus({ servers: nats.url, name: 'chaos' });
  const bus = await connect({ bus: connection, ...patient });
  const http = await connect({ url: url(first), ...patient });
  const listeners = [
    await connect({ url: url(second), ...patient }),
    await connect({ url: url(third), ...patient }),
  ] as const;
  return {
    ...{ bus, http, listeners, connection },
    close: async () => {
      await Promise.all([bus, http, ...listeners].map((client) => client.close()));
      await connection.close();
    },
  };
}

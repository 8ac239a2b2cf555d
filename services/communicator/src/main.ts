import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectBus } from '@multiswarm/bus';
import { systemClock } from '@multiswarm/core';
import { runService, type ServiceParts, type StartedService } from '@multiswarm/service';
import { Store } from '@multiswarm/store';
import { startCommunicator } from './communicator';
import { toConfig } from './config';

/** The same file for sources and for the build. */
const manifest = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as {
  version: string;
};
const { version } = manifest;

async function start(parts: ServiceParts): Promise<StartedService> {
  const { settings, logger, telemetry } = parts;
  const { natsUrl, redisUrl, relaying, streamReplicas } = toConfig(settings);
  const bus = await connectBus({
    servers: natsUrl,
    name: 'communicator',
    onFault: (error, subject) => logger.warn('a message could not be handled', { subject, error }),
  });
  parts.onShutdown(() => bus.close());
  const store = await Store.connect({
    url: redisUrl,
    name: 'communicator',
    onFault: (error) => logger.warn('the connection to Redis failed', { error }),
  });
  parts.onShutdown(() => store.close());
  const communicator = await startCommunicator({
    bus,
    store,
    metrics: telemetry.metrics,
    logger,
    relaying,
    streamReplicas,
    version,
  });
  return {
    routes: communicator.routes,
    checks: {
      nats: async () => {
        await bus.rttMs();
      },
      redis: async () => {
        await store.pingMs(() => systemClock.monotonic());
      },
    },
    stop: () => communicator.stop(),
  };
}

void runService({ name: 'communicator', version, start, env: process.env, argv: process.argv.slice(2) });

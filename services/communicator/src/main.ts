import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectBus } from '@multiswarm/bus';
import { runService, type ServiceParts, type StartedService } from '@multiswarm/service';
import { startCommunicator } from './communicator';
import { toConfig } from './config';

/** The same file for sources and for the build. */
const manifest = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as {
  version: string;
};
const { version } = manifest;

async function start(parts: ServiceParts): Promise<StartedService> {
  const { settings, logger, telemetry } = parts;
  const { natsUrl, ...config } = toConfig(settings);
  const bus = await connectBus({
    servers: natsUrl,
    name: 'communicator',
    onFault: (error, subject) => logger.warn('a message could not be handled', { subject, error }),
  });
  parts.onShutdown(() => bus.close());
  const communicator = await startCommunicator({
    ...{ bus, logger, version, ...config },
    metrics: telemetry.metrics,
  });
  return {
    routes: communicator.routes,
    checks: {
      nats: async () => {
        await bus.rttMs();
      },
    },
    stop: () => communicator.stop(),
  };
}

void runService({ name: 'communicator', version, start, env: process.env, argv: process.argv.slice(2) });

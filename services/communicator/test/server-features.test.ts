import { connectBus } from '@multiswarm/bus';
import { Store } from '@multiswarm/store';
import { createLogger, startTelemetry } from '@multiswarm/telemetry';
import { startNats, startRedis } from '@multiswarm/testing';
import { startCommunicator } from '../src/communicator';

test('a communicator does not start on a server without JetStream, and says what to do', async () => {
  const [nats, redis] = await Promise.all([startNats({ jetstream: false }), startRedis()]);
  const bus = await connectBus({ servers: nats.url, name: 'communicator' });
  const store = await Store.connect({ url: redis.url, name: 'communicator', onFault: () => undefined });
  const telemetry = startTelemetry({ service: 'communicator', version: '1', env: {} });
  const logger = createLogger({ service: 'communicator', level: 'silent' });
  const parts = {
    bus,
    store,
    metrics: telemetry.metrics,
    logger,
    relaying: { crossSwarm: true },
    version: '1',
  };
  try {
    await expect(startCommunicator(parts)).rejects.toMatchObject({
      code: 'feature-not-available',
      message: expect.stringContaining('start it with -js') as string,
    });
  } finally {
    await Promise.all([bus.close(), store.close(), telemetry.shutdown()]);
    await Promise.all([nats.stop(), redis.stop()]);
  }
});

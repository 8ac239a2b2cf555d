import { connectBus } from '@multiswarm/bus';
import { createLogger, startTelemetry } from '@multiswarm/telemetry';
import { startNats } from '@multiswarm/testing';
import { startCommunicator } from '../src/communicator';
import { MAILBOX_RULES } from '../src/domain/mailbox/rules';
import { MAIL } from './world';

test('a communicator does not start on a server without JetStream, and says what to do', async () => {
  const nats = await startNats({ jetstream: false });
  const bus = await connectBus({ servers: nats.url, name: 'communicator' });
  const telemetry = startTelemetry({ service: 'communicator', version: '1', env: {} });
  const logger = createLogger({ service: 'communicator', level: 'silent' });
  const parts = {
    bus,
    ...MAIL,
    rules: MAILBOX_RULES,
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
    await Promise.all([bus.close(), telemetry.shutdown()]);
    await nats.stop();
  }
});

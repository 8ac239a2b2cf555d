import { connectBus, serverSeen } from '@multiswarm/bus';
import { startNats } from '@multiswarm/testing';

test.each([
  ['with JetStream and a domain', { config: 'jetstream { domain: eu }' }, { jetstream: true, domain: 'eu' }],
  ['without JetStream', { jetstream: false }, { jetstream: false }],
])('a server %s tells so', async (_name, options, expected) => {
  const nats = await startNats(options);
  const bus = await connectBus({ servers: nats.url, name: 'test' });
  try {
    await expect(serverSeen(bus)).resolves.toEqual({ version: bus.serverVersion, ...expected });
  } finally {
    await bus.close();
    await nats.stop();
  }
});

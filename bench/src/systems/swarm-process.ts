import { createSwarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';

/** A swarm that does nothing, as fast as it can. */
const swarm = createSwarm({
  id: 'bench',
  region: 'local',
  slots: Number(process.env['BENCH_SLOTS']),
  servers: process.env['NATS_URL'] ?? '',
  // By default it writes a line for each attempt; the peer writes none.
  logger: createLogger({ service: 'swarm', level: 'warn' }),
}).handle('noop', (input) => input);

process.once('disconnect', () => process.exit(1));
void swarm.start().then(() => process.send?.('ready'));

import { createSwarm } from '../src';

// Two swarms in one process, which hold attempts until they are told to stop.
async function main(): Promise<void> {
  const [servers = '', drainMs = '0'] = process.argv.slice(2);
  for (const id of ['first', 'second']) {
    const swarm = createSwarm({
      id,
      region: 'eu-west',
      slots: 1,
      servers,
      drainMs: Number(drainMs),
      graceMs: 100,
      flushMs: 2_000,
    });
    swarm.handle(
      'hold',
      (_input, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('told to stop'))),
        ),
    );
    await swarm.start();
  }
}

void main();

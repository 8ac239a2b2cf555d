import { Writable } from 'node:stream';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import { RegionsWorld } from './regions-world';

test('a line that lets through what should stay in a region is told, with the subjects to deny; so is a line that is lost', async () => {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const logger = createLogger({ service: 'test', level: 'info', stream });
  const world = await RegionsWorld.start(['eu', 'us'], []);
  try {
    await world.replica('eu', { logger });
    await world.replica('us');
    const told = (text: string): Promise<unknown> =>
      eventually(() => lines.find((line) => line.includes(text)), { timeoutMs: 10_000 });
    expect(await told('a domain is heard"')).toContain('us');
    expect(await told('deny these subjects')).toContain('ms.v1.state.>');
    world.leaf('us').line.cut();
    expect(await told('not heard any more')).toContain('us');
    world.leaf('us').line.heal();
    expect(await told('heard again')).toContain('silentMs');
  } finally {
    await world.stop();
  }
}, 40_000);

import type { Bus } from '@multiswarm/bus';
import { Buses } from './buses';

let buses: Buses;
let bus: Bus;

beforeAll(async () => {
  buses = await Buses.start();
});

beforeEach(async () => {
  bus = await buses.connect();
});

afterEach(() => buses.disconnect());
afterAll(() => buses.stop());

const SERVICE = { name: 'orchestrator', version: '1.2.3', description: 'global and regional' };

/** What `nats micro` asks and reads (ADR-32 of the architecture of NATS). */
async function ask(verb: string): Promise<Record<string, unknown>> {
  const message = await bus.connection.request(`$SRV.${verb}`, '', { timeout: 5_000 });
  return message.json();
}

test('an announced service answers PING, INFO and STATS, to all, by name and by id', async () => {
  bus.announce(SERVICE);
  await bus.rttMs();
  const ping = await ask('PING');
  expect(ping).toEqual({
    type: 'io.nats.micro.v1.ping_response',
    name: 'orchestrator',
    id: expect.any(String),
    version: '1.2.3',
    metadata: {},
  });
  expect(await ask('PING.orchestrator')).toEqual(ping);
  expect(await ask(`PING.orchestrator.${String(ping['id'])}`)).toEqual(ping);
  expect(await ask('INFO')).toEqual({
    ...ping,
    type: 'io.nats.micro.v1.info_response',
    description: 'global and regional',
    endpoints: [],
  });
  const stats = await ask('STATS.orchestrator');
  expect(stats).toEqual({
    ...ping,
    type: 'io.nats.micro.v1.stats_response',
    started: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    endpoints: [],
  });
  expect(Math.abs(Date.parse(String(stats['started'])) - Date.now())).toBeLessThan(60_000);
});

test('all instances are found, whatever else answers; who has stopped is not', async () => {
  const other = await buses.connect();
  const rude = await buses.connect();
  rude.connection.subscribe('$SRV.PING', {
    callback: (_error, message) => {
      for (const answer of ['', 'hello', 'null', '7', '{"name":1}']) message.respond(answer);
    },
  });
  const first = bus.announce(SERVICE);
  other.announce(SERVICE);
  other.announce({ ...SERVICE, name: 'communicator' });
  await Promise.all([bus.rttMs(), other.rttMs(), rude.rttMs()]);

  const seen = await bus.services(200);
  expect(seen.map(({ name, version }) => `${name} ${version}`).sort()).toEqual([
    'communicator 1.2.3',
    'orchestrator 1.2.3',
    'orchestrator 1.2.3',
  ]);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(3);

  first.stop();
  await bus.rttMs();
  expect((await bus.services(200)).map(({ name }) => name).sort()).toEqual(['communicator', 'orchestrator']);
});

test('where nobody has announced anything the list is empty, and a close in the meantime is harmless', async () => {
  expect(await bus.services(20)).toEqual([]);
  const asking = bus.services(50);
  await bus.close();
  expect(await asking).toEqual([]);
});

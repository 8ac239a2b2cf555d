import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectBus, type Bus } from '@multiswarm/bus';
import { subjects } from '@multiswarm/contracts';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { runCliProcess, startCli, type CliProcess } from './support/cli-process';
import { FleetPeer } from './support/fleet-peer';

const FLEET = `swarms:
  - { id: eu-west-upper, region: eu-west, slots: 3, types: [shout], exec: tr a-z A-Z, attributes: { lang: [ts, go] } }
  - { id: eu-west-hold, region: eu-west, types: [hold] }
  - { id: us-east-count, region: us-east, types: [count], exec: wc -c }
`;

let nats: TestServer;
let bus: Bus;
let peer: FleetPeer;
let directory: string;
const running: CliProcess[] = [];

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus({ servers: nats.url, name: 'coordinator' });
});
afterAll(async () => {
  await bus.close();
  await nats.stop();
});
beforeEach(async () => {
  peer = await FleetPeer.connect(nats.url);
  directory = await mkdtemp(join(tmpdir(), 'fleet-run-'));
  await writeFile(join(directory, 'fleet.yaml'), FLEET);
});
afterEach(async () => {
  for (const cli of running.splice(0)) {
    cli.child.kill('SIGKILL');
    await cli.exited;
  }
  await peer.close();
  await rm(directory, { recursive: true, force: true });
});

function startFleet(...options: string[]): CliProcess {
  const cli = startCli(['fleet', 'run', 'fleet.yaml', '--servers', nats.url, ...options], { cwd: directory });
  running.push(cli);
  return cli;
}

const runFleet = (...args: string[]): ReturnType<typeof runCliProcess> =>
  runCliProcess(['fleet', 'run', ...args], { cwd: directory });

test('the swarms of the file run as the file describes them', async () => {
  startFleet();
  expect(await peer.beat('eu-west-upper')).toMatchObject({
    region: 'eu-west',
    slots: 3,
    types: ['shout'],
    attributes: { lang: ['ts', 'go'] },
  });
  await Promise.all([peer.beat('eu-west-hold'), peer.beat('us-east-count')]);
  await peer.run('eu-west-upper', 't0-00000001', 'ada');
  await peer.run('eu-west-hold', 't0-00000002', { holdMs: 1 });
  expect(await peer.report('t0-00000001')).toMatchObject({ outcome: 'succeeded', output: 'ADA' });
  expect(await peer.report('t0-00000002')).toMatchObject({ outcome: 'succeeded' });
});

test('SIGTERM lets what runs finish, in every swarm, and ends with code 0', async () => {
  const cli = startFleet();
  await Promise.all(['eu-west-upper', 'eu-west-hold', 'us-east-count'].map((id) => peer.beat(id)));
  await peer.run('eu-west-hold', 't0-00000001', { holdMs: 500 });
  cli.child.kill('SIGTERM');
  expect(await peer.report('t0-00000001')).toMatchObject({ outcome: 'succeeded' });
  expect(await cli.exited).toBe(0);
  const last = ['eu-west-upper', 'eu-west-hold', 'us-east-count'].map(
    (id) => peer.beats.findLast(({ swarmId }) => swarmId === id)?.state,
  );
  expect(last).toEqual(['stopped', 'stopped', 'stopped']);
});

test('with --region only the swarms of that region run', async () => {
  const cli = startFleet('--region', 'us-east');
  await peer.beat('us-east-count');
  cli.child.kill('SIGTERM');
  expect(await cli.exited).toBe(0);
  expect([...new Set(peer.beats.map(({ swarmId }) => swarmId))]).toEqual(['us-east-count']);
});

test('a swarm that is not admitted stops alone, and the exit code tells it in the end', async () => {
  const cli = startFleet('--region', 'eu-west');
  const { instance } = await peer.beat('eu-west-upper');
  await peer.beat('eu-west-hold');
  bus.publish(subjects.swarmDismissed('eu-west-upper'), { v: 1, instance, reason: 'the region is full' });
  await eventually(() =>
    peer.beats.some(({ swarmId, state }) => swarmId === 'eu-west-upper' && state === 'stopped'),
  );
  await peer.run('eu-west-hold', 't0-00000001', { holdMs: 1 });
  expect(await peer.report('t0-00000001')).toMatchObject({ outcome: 'succeeded' });
  cli.child.kill('SIGTERM');
  expect(await cli.exited).toBe(5);
  expect(cli.err()).toContain('the region is full');
});

test('a region that the file does not have is refused, with those that it has: exit 2', async () => {
  const { code, err } = await runFleet('fleet.yaml', '--region', 'eu-west,mars');
  expect(code).toBe(2);
  expect(err).toContain('no swarm in mars');
  expect(err).toContain('eu-west, us-east');
});

test('everything that is wrong with the file is listed: exit 2', async () => {
  await writeFile(
    join(directory, 'fleet.yaml'),
    'swarms:\n  - { id: a b, region: r, types: [x] }\n  - { id: c }\n',
  );
  const { code, err } = await runFleet('fleet.yaml');
  expect(code).toBe(2);
  expect(err).toMatch(/\/swarms\/0\/id.*\/swarms\/1\/region/s);
});

test('a missing NATS server ends it: exit 7', async () => {
  const { code, err } = await runFleet('fleet.yaml', '--servers', 'nats://127.0.0.1:1');
  expect(code).toBe(7);
  expect(err).toContain('no NATS server answers at nats://127.0.0.1:1');
});

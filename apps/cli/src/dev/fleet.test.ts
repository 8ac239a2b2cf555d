import { Command } from 'commander';
import { memoryIo } from '../../test/support/memory-io';
import { command as swarmRun, type SwarmRunOptions } from '../commands/swarm/run';
import { Fault } from '../faults';
import { loadFleet, replaySwarms, swarmArguments, type FleetSwarm } from './fleet';
import { ROOT } from './programs';

const fleet = (text: string): Promise<FleetSwarm[]> => loadFleet('-', memoryIo({ stdin: text }));

describe('a fleet file', () => {
  test('is a list of swarms, bare or under "swarms", with defaults', async () => {
    const [first] = await fleet('- { id: a, region: eu, types: [x], exec: cat }');
    expect(first).toEqual({
      swarmId: 'a',
      region: 'eu',
      types: ['x'],
      exec: 'cat',
      slots: 1,
      costPerHour: 0,
      capabilities: [],
      labels: {},
      attributes: {},
      resources: {},
    });
    expect(await fleet('swarms: [{ id: a, region: eu, types: [x] }]')).toHaveLength(1);
  });

  test('is refused with everything that is wrong with it, and where', async () => {
    const broken =
      '- { id: a, region: eu, types: [x] }\n- { id: a, region: eu, types: [x] }\n- { id: "b c", region: eu, slots: 0, types: [x], price: 3, exec: 7 }\n';
    const fault = await fleet(broken).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(fault).toBeInstanceOf(Fault);
    expect(
      (fault as Fault).findings.map(
        ({ pointer, message }) => `${pointer} ${/line \d/.exec(message)?.[0] ?? ''}`,
      ),
    ).toEqual(['/1/id line 2', '/2/id line 3', '/2/slots line 3', '/2/price line 3', '/2/exec line 3']);
  });

  test('that we ship is valid, and every region gets a swarm that replays', async () => {
    const shipped = await loadFleet(`${ROOT}/examples/delivery/fleet.yaml`, memoryIo());
    const regions = new Set(shipped.map(({ region }) => region));
    expect(regions.size).toBeGreaterThan(1);
    expect(new Set(replaySwarms(shipped).map(({ region }) => region))).toEqual(regions);
  });
});

test('a swarm of the file becomes the same swarm on the command line', async () => {
  const [swarm] = await fleet(`
- id: eu-1
  region: eu-west
  slots: 3
  costPerHour: 2.5
  types: [a, b]
  capabilities: [llm, gpu]
  attributes: { memory: 40, spot: true, language: [ts, go] }
  labels: { tier: spot, zone: b }
  resources: { cpu: 4, memoryMb: 512, gpu: { a100: 2, any: 1 }, custom: { licences: 3 } }
  weight: 0.5
  exec: sh -c 'echo "$HOME"'
`);
  if (!swarm) throw new Error('no swarm');
  const leaf = new Command().option('--servers <urls>');
  swarmRun.configure(leaf);
  leaf.parse(swarmArguments(swarm, 'nats://x', '3s').slice(2), { from: 'user' });
  expect(leaf.opts<SwarmRunOptions>()).toMatchObject({
    id: 'eu-1',
    region: 'eu-west',
    slots: 3,
    costPerHour: 2.5,
    type: ['a', 'b'],
    capability: ['llm', 'gpu'],
    attribute: { memory: 40, spot: true, language: ['ts', 'go'] },
    label: { tier: 'spot', zone: 'b' },
    resource: { cpu: 4, memoryMb: 512, gpu: { a100: 2, any: 1 }, custom: { licences: 3 } },
    weight: 0.5,
    exec: `sh -c 'echo "$HOME"'`,
    drain: 3_000,
  });
});

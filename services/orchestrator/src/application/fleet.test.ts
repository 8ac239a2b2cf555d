import { PassThrough } from 'node:stream';
import { ManualClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { heartbeat } from '../../test/support/builders';
import { Fleet, type FleetLimits } from './fleet';

function bench(limits: FleetLimits) {
  const clock = new ManualClock();
  const stream = new PassThrough();
  const lines: string[] = [];
  stream.on('data', (text: Buffer) => lines.push(text.toString()));
  const fleet = new Fleet(clock, createLogger({ service: 'test', level: 'info', stream }), limits);
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      fleet.tick();
    }
  };
  return { clock, fleet, lines, pass };
}

const ids = (fleet: Fleet): string[] => fleet.swarms().map(({ swarmId }) => swarmId);

test('made-up regions and swarms are left out of view once it is full, which is logged once', () => {
  const { fleet, lines } = bench({ swarms: 1_000, regions: 3 });
  for (let n = 0; n < 500; n += 1) fleet.observe(heartbeat({ swarmId: `s${n}`, region: `r${n}` }));
  expect(fleet.regions().map(({ region }) => region)).toEqual(['r0', 'r1', 'r2']);
  for (let n = 0; n < 2_000; n += 1) fleet.observe(heartbeat({ swarmId: `more${n}`, region: 'r1' }));
  expect(fleet.swarms()).toHaveLength(1_000);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('3 regions are in view already (REGIONS_IN_VIEW)');
});

test('in a full view, swarms and regions that are down make room at once; else they are shown for a while', () => {
  const { clock, fleet, pass, lines } = bench({ swarms: 3, regions: 2 });
  fleet.observe(heartbeat({ swarmId: 'a', region: 'r0' }));
  pass(60_000);
  expect(ids(fleet)).toEqual(['a']);
  fleet.observe(heartbeat({ swarmId: 'b', region: 'r1' }));
  fleet.observe(heartbeat({ swarmId: 'c', region: 'r2' }));
  expect(ids(fleet)).toEqual(['a', 'b']);
  pass(500);
  fleet.observe(heartbeat({ swarmId: 'c', region: 'r2', sentAt: clock.now() }));
  expect(ids(fleet)).toEqual(['b', 'c']);
  expect(lines).toHaveLength(1);
});

test('who is in view stays there, and comes back after a silence, also while it is full', () => {
  const { clock, fleet } = bench({ swarms: 2, regions: 1 });
  fleet.observe(heartbeat({ swarmId: 'a' }));
  fleet.observe(heartbeat({ swarmId: 'b' }));
  fleet.observe(heartbeat({ swarmId: 'c' }));
  clock.advance(60_000);
  for (const swarmId of ['a', 'b', 'c'])
    fleet.observe(heartbeat({ swarmId, seq: 2, sentAt: clock.now(), slots: 7 }));
  expect(fleet.swarms().map(({ swarmId, slots }) => [swarmId, slots])).toEqual([
    ['a', 7],
    ['b', 7],
  ]);
});

import fc from 'fast-check';
import { THRESHOLDS } from './health-settings';
import { OutcomeWindow } from './outcome-window';
import { OutlierScan, type Compared } from './outlier-scan';
import { Slowness } from './slowness';

interface Swarm extends Compared {
  name: string;
}

function swarm(name: string, given: { failures?: number; volume?: number; times?: number } = {}): Swarm {
  const { failures = 0, volume = 20, times } = given;
  const window = new OutcomeWindow();
  for (let each = 0; each < volume; each += 1) window.add(each < failures, 0, 0);
  const slowness = new Slowness();
  if (times !== undefined) run(slowness, times);
  return { name, window, slowness, isCompared: true };
}

function run(slowness: Slowness, times: number, count: number = THRESHOLDS.SLOW_SAMPLES): void {
  for (let each = 0; each < count; each += 1) slowness.observe(times);
}

function fleet(count: number, given?: Parameters<typeof swarm>[1]): Swarm[] {
  return Array.from({ length: count }, (_, index) => swarm(`s${index}`, given));
}

/** Who stands out at the last of so many looks, with work between them. */
function looks(swarms: Swarm[], count: number, nowMs = 0): string[] {
  const scan = new OutlierScan<Swarm>();
  let found: string[] = [];
  for (let look = 0; look < count; look += 1) {
    found = scan.find(swarms, nowMs).map(({ swarm: { name } }) => name);
    for (const { slowness } of swarms) if (slowness.isKnown) slowness.observe(Math.exp(slowness.mean));
  }
  return found;
}

test('O1: who fails much more than the others stands out, the worst first', () => {
  const swarms = [
    ...fleet(30, { failures: 1 }),
    swarm('bad', { failures: 6 }),
    swarm('worse', { failures: 9 }),
  ];
  expect(looks(swarms, 1)).toEqual(['worse', 'bad']);
  const [outlier] = new OutlierScan<Swarm>().find(swarms, 0);
  expect(outlier?.reason).toBe('55% of its last 20 attempts went well, in the fleet 93%');
});

test('O1: a small difference is none, however alike the others are', () => {
  expect(looks([...fleet(30), swarm('odd', { failures: 1 })], 1)).toEqual([]);
});

test('O1: what has left the window does not count', () => {
  const swarms = [...fleet(30), swarm('bad', { failures: 12 })];
  expect(looks(swarms, 1, THRESHOLDS.WINDOW_BUCKETS * THRESHOLDS.WINDOW_BUCKET_MS)).toEqual([]);
});

test('O2: who is slower than the others stands out, not at the first looks', () => {
  const swarms = [...fleet(20, { times: 1 }), swarm('slow', { times: 4 })];
  expect(looks(swarms, THRESHOLDS.SLOW_LOOKS - 1)).toEqual([]);
  expect(looks(swarms, 1)).toEqual(['slow']);
});

test('O2: a look at which nothing has ended since the last one says nothing', () => {
  const swarms = [...fleet(20, { times: 1 }), swarm('slow', { times: 4 })];
  const scan = new OutlierScan<Swarm>();
  for (let look = 0; look < 10; look += 1) expect(scan.find(swarms, 0)).toEqual([]);
});

test('O2: when all get slower together, nobody stands out', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      fc.array(fc.double({ min: 0.8, max: 1.25, noNaN: true }), { minLength: 5, maxLength: 60 }),
      (factor, speeds) => {
        const swarms = speeds.map((speed, index) => swarm(`s${index}`, { times: speed * factor }));
        expect(looks(swarms, 5)).toEqual([]);
      },
    ),
  );
});

test('O2: those that are slow by half as much again do not stand out of a fleet of equals', () => {
  expect(looks([...fleet(20, { times: 1 }), swarm('slower', { times: 1.9 })], 5)).toEqual([]);
});

test('O4: of a few, or of those with few outcomes, nobody stands out', () => {
  const worst = { failures: 20, times: 9 };
  expect(looks([...fleet(3, { times: 1 }), swarm('bad', worst)], 5)).toEqual([]);
  const quiet = swarm('quiet', { volume: THRESHOLDS.OUTLIER_VOLUME - 1, failures: 9 });
  expect(looks([...fleet(20), quiet], 5)).toEqual([]);
});

test('who is not compared does not stand out, and is no measure for others', () => {
  const out = fleet(20, { failures: 20 }).map((each) => ({ ...each, isCompared: false }));
  expect(looks([...fleet(20), ...out], 1)).toEqual([]);
  expect(looks([...fleet(20), ...out, swarm('bad', { failures: 8 })], 1)).toEqual(['bad']);
});

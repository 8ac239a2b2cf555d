import type { StandingReply } from '@multiswarm/contracts';
import { noSlot, QueueBench, START } from '../../../test/support/queue-bench';
import { PaceMeter } from './pace-meter';
import { BAND_MS } from './lanes';

const refuse = () => false;

function line(bench: QueueBench, id: string): StandingReply['line'] {
  return bench.queue.standing(id, bench.now)?.line;
}

test('of its class those are before it that were submitted earlier, also where they came late; other classes are counted apart', () => {
  const bench = new QueueBench();
  bench.add('c', { order: 30 });
  bench.add('a', { order: 10 });
  bench.add('b', { order: 20 });
  bench.add('x', { classKey: 'other', order: 1 });
  expect(['a', 'b', 'c'].map((id) => line(bench, id)?.before)).toEqual([0, 1, 2]);
  expect(line(bench, 'c')).toMatchObject({ ofClass: 3, otherTasks: 1, otherClasses: 1, isLeast: false });
  expect(line(bench, 'gone')).toBeUndefined();
});

test('a stricter priority goes before it, a looser one does not, and ageing moves it up', () => {
  const bench = new QueueBench();
  bench.add('low', { priority: 'low' });
  bench.add('high1', { priority: 'high' });
  bench.add('high2', { priority: 'high' });
  bench.add('normal');
  expect(line(bench, 'normal')).toMatchObject({ before: 2, band: 'normal' });
  expect(line(bench, 'low')).toMatchObject({ before: 3, band: 'low' });
  expect(line(bench, 'low')?.risesAt).toBe(new Date(START + BAND_MS).toISOString());
  bench.pass(BAND_MS);
  expect(line(bench, 'low')).toMatchObject({ band: 'normal' });
  expect(line(bench, 'high1')?.band).toBe('critical');
  expect(line(bench, 'high1')?.risesAt).toBeUndefined();
});

test('those of other fairness keys count with as many turns as their weights give them', () => {
  const bench = new QueueBench({ default: { fairnessWeights: { heavy: 3 } } });
  for (let at = 0; at < 9; at += 1) bench.add(`heavy${at}`, { fairnessKey: 'heavy' });
  for (let at = 0; at < 3; at += 1) bench.add(`light${at}`, { fairnessKey: 'light' });
  // Two of its own, and three turns of the heavy one for each of its turns: the truth is told by a run.
  const estimate = line(bench, 'light2')?.before ?? 0;
  const order = Array.from({ length: 12 }, () => bench.run(1)).flat();
  expect(Math.abs(order.indexOf('light2') - estimate)).toBeLessThanOrEqual(3);
});

test('what a limit holds is not before what it does not hold', () => {
  const bench = new QueueBench({ default: { limits: { api: { concurrency: 1 } } } });
  for (let at = 0; at < 5; at += 1) bench.add(`held${at}`, { limitKeys: ['api'] });
  expect(bench.run(5)).toEqual(['held0']);
  bench.add('free');
  expect(bench.run(1, refuse)).toEqual([]);
  expect(line(bench, 'free')?.before).toBe(0);
  expect(line(bench, 'held3')?.before).toBe(2);
  expect(bench.queue.standing('held3', bench.now)?.limits).toEqual([
    { key: 'api', concurrency: 1, isUsedUp: true, isCounted: true, running: 1, heldBy: ['held0'] },
  ]);
});

test('a rate that is used up says when the next one may start', () => {
  const bench = new QueueBench({ default: { limit: { rate: { tasks: 1, perMs: 5_000 } } } });
  bench.add('a');
  bench.add('b');
  expect(bench.run(2)).toEqual(['a']);
  bench.pass(2_000);
  expect(bench.queue.standing('b', bench.now)?.limits).toMatchObject([
    { isUsedUp: true, running: 1, nextStartAt: new Date(START + 5_000).toISOString() },
  ]);
});

test('a pace is measured from when somebody had to wait, and only where somebody started since', () => {
  const bench = new QueueBench();
  for (let at = 0; at < 10; at += 1) bench.add(`t${at}`);
  let free = 4;
  bench.run(10, () => free-- > 0, noSlot('s')); // slots that were free anyway
  const pace = () => bench.queue.standing('t9', bench.now)?.pace;
  expect(pace()).toBeUndefined();
  bench.pass(3_000);
  expect(pace()).toBeUndefined();
  bench.freed('s');
  expect(bench.run(1)).toEqual(['t4']);
  expect(pace()).toEqual({ starts: 1, inMs: 3_000 });
  bench.pass(1_000);
  expect(bench.fetch('s')).toEqual(['t5']);
  expect(pace()).toEqual({ starts: 2, inMs: 4_000 });
});

test('a pace follows what has changed: old spans are forgotten', () => {
  const meter = new PaceMeter();
  meter.waits(0);
  let now = 0;
  for (let at = 0; at < 32; at += 1) meter.started((now += 1_000));
  for (let at = 0; at < 40; at += 1) meter.started((now += 10_000));
  const { starts = 0, inMs = 0 } = meter.pace(now) ?? {};
  expect(inMs / starts).toBeGreaterThan(9_000);
});

test('more than can be counted are said to be more', () => {
  const bench = new QueueBench();
  for (let at = 0; at < 20_010; at += 1) bench.add(`t${at}`);
  expect(line(bench, 't20009')).toMatchObject({ before: 20_000, isLeast: true });
  expect(line(bench, 't19999')).toMatchObject({ before: 19_999, isLeast: false });
});

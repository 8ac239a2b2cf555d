import { readOptions, seedsOf } from './options';

const KNOWN = ['throughput', 'latency', 'bus'];

test('without arguments everything runs five times in full size', () => {
  expect(readOptions([], KNOWN)).toEqual({
    names: KNOWN,
    quick: false,
    alone: false,
    followed: false,
    runs: 5,
    tasks: 10_000,
    probes: 300,
    waiting: 100_000,
    seeds: 10,
    firstSeed: 1,
    scenarios: [],
    policies: [],
    appendfsync: 'everysec',
  });
});

test('--quick is small and runs once, unless told otherwise', () => {
  expect(readOptions(['latency', '--quick'], KNOWN)).toMatchObject({
    names: ['latency'],
    runs: 1,
    tasks: 2_000,
    waiting: 20_000,
  });
  expect(readOptions(['--quick', '--runs', '3'], KNOWN)).toMatchObject({ runs: 3, tasks: 2_000 });
});

test('a size, the concurrency and where profiles go can be given', () => {
  const argv = ['--waiting', '1000000', '--concurrency', '200', '--profile', '/tmp/p', '--alone'];
  expect(readOptions(argv, KNOWN)).toMatchObject({
    waiting: 1_000_000,
    concurrency: 200,
    profile: '/tmp/p',
    alone: true,
  });
});

test('seeds are counted from the first one', () => {
  const options = readOptions(['--seeds', '3', '--first-seed', '11'], KNOWN);
  expect(options === 'help' ? [] : seedsOf(options)).toEqual([11, 12, 13]);
});

test('recorded workflows are replayed where there are some, or where that is asked for by name', () => {
  const known = [...KNOWN, 'makespan'];
  expect(readOptions([], known)).toMatchObject({ names: KNOWN });
  expect(readOptions([], known, '/data')).toMatchObject({ names: known, data: '/data' });
  expect(readOptions(['--data', '/mine'], known, '/data')).toMatchObject({ data: '/mine' });
  expect(readOptions(['makespan'], known)).toMatchObject({ names: ['makespan'] });
});

test.each([
  [['speed'], 'no bench is called speed; there are throughput, latency, bus'],
  [['--runs', '0'], '--runs takes a whole number from 1, not 0'],
  [['--concurrency', 'many'], '--concurrency takes a whole number from 1, not many'],
  [['--appendfsync', 'maybe'], '--appendfsync takes everysec, always, no, not maybe'],
  [['--fast'], "Unknown option '--fast'"],
])('%j is refused', (argv, message) => {
  expect(() => readOptions(argv, KNOWN)).toThrow(message);
});

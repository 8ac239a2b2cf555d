import { busyMs, ticksOf, withCpu } from './cpu';

test('the time of a process is what it spent for itself and in the kernel, whatever its name looks like', () => {
  const stat = '42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 17 3 4 20 0 11 0 1418459 3133440 390';
  expect(ticksOf(stat)).toBe(267);
});

test('idle cores and those that wait for a disk are not busy', () => {
  expect(busyMs('cpu  100 20 30 4000 500 6 7 8 9 10\ncpu0 1 1 1 1 1 1 1 1 0 0\n')).toBe(1_710);
});

test('work is charged to the process that does it', async () => {
  const spin = (): Promise<string> => {
    const until = process.cpuUsage().user + 200_000;
    while (process.cpuUsage().user < until);
    return Promise.resolve('done');
  };
  const { value, used, wallMs } = await withCpu([{ name: 'me', pid: process.pid }], spin);
  expect(value).toBe('done');
  expect(used['me']?.processMs).toBeGreaterThanOrEqual(150);
  expect(wallMs).toBeGreaterThanOrEqual(150);
});

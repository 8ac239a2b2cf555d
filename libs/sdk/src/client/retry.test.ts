import { MultiswarmError } from '@multiswarm/contracts';
import { ManualClock, seededRandom } from '@multiswarm/core';
import { withRetry } from './retry';

const passing = new MultiswarmError('shard-unavailable', 'no owner');

/** Runs to the end on a clock that moves as fast as it is asked to. */
async function run<T>(attempt: () => Promise<T>, forMs: number, signal?: AbortSignal) {
  const clock = new ManualClock();
  const state = { over: false };
  const result = withRetry(attempt, { clock, random: seededRandom(1), forMs, signal }).finally(
    () => (state.over = true),
  );
  result.catch(() => undefined);
  while (!state.over) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
  return { result, clock };
}

describe('retrying', () => {
  test('repeats what passes until it succeeds', async () => {
    let tries = 0;
    const { result } = await run(async () => {
      tries += 1;
      if (tries < 4) throw passing;
      return 'done';
    }, 30_000);
    expect([await result, tries]).toEqual(['done', 4]);
  });

  test('throws at once what does not pass', async () => {
    let tries = 0;
    const { result } = await run(async () => {
      tries += 1;
      throw new MultiswarmError('invalid-request', 'no');
    }, 30_000);
    await expect(result).rejects.toMatchObject({ code: 'invalid-request' });
    expect(tries).toBe(1);
  });

  test('gives up with the last error when its time is over', async () => {
    const { result, clock } = await run(() => Promise.reject(passing), 5_000);
    await expect(result).rejects.toBe(passing);
    expect(clock.monotonic()).toBeLessThan(6_000);
  });

  test('stops between tries when its signal is aborted', async () => {
    const abort = new AbortController();
    const { result } = await run(
      async () => {
        abort.abort(new Error('enough'));
        throw passing;
      },
      30_000,
      abort.signal,
    );
    await expect(result).rejects.toThrow('enough');
  });
});

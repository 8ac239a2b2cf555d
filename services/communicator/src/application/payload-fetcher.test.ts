import { LIMITS, MultiswarmError, type PayloadRef } from '@multiswarm/contracts';
import { deferred, ManualClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { turns } from '@multiswarm/testing';
import { PayloadFetcher } from './payload-fetcher';

const logger = createLogger({ service: 'test', level: 'silent' });
const ref = (n: number): PayloadRef => ({ id: `default.${String(n).padStart(64, '0')}`, bytes: 300_000 });

function world(): {
  fetcher: PayloadFetcher;
  clock: ManualClock;
  copies: ReturnType<typeof deferred<void>>[];
} {
  const clock = new ManualClock();
  const copies: ReturnType<typeof deferred<void>>[] = [];
  const copy = (): Promise<void> => {
    const one = deferred<void>();
    copies.push(one);
    return one.promise;
  };
  return { fetcher: new PayloadFetcher({ copy, clock, logger }), clock, copies };
}

test('a payload that takes long is fetched once, however often it is asked for', async () => {
  const { fetcher, clock, copies } = world();
  const first = fetcher.fetched(ref(1), 'eu');
  clock.advance(2_000);
  expect(await first).toBe(false);
  const again = fetcher.fetched(ref(1), 'eu');
  copies[0]?.resolve();
  expect(await again).toBe(true);
  expect(copies).toHaveLength(1);
});

test('no more than so many are fetched at once; the next one is when one is done', async () => {
  const { fetcher, copies } = world();
  const most = Array.from({ length: LIMITS.MAIL_PAYLOADS_FETCHED }, (_, n) => fetcher.fetched(ref(n), 'eu'));
  expect(await fetcher.fetched(ref(99), 'eu')).toBe(false);
  copies[0]?.resolve();
  expect(await most[0]).toBe(true);
  await turns(2);
  void fetcher.fetched(ref(99), 'eu');
  expect(copies).toHaveLength(LIMITS.MAIL_PAYLOADS_FETCHED + 1);
});

test.each([
  ['payload-not-found', true],
  ['payload-corrupt', true],
  ['payload-store-unavailable', false],
  ['payload-store-full', false],
] as const)('after %s there is nothing to wait for: %s', async (code, isOver) => {
  const { fetcher, copies } = world();
  const asked = fetcher.fetched(ref(1), 'eu');
  copies[0]?.reject(new MultiswarmError(code, 'no'));
  expect(await asked).toBe(isOver);
});

import { ListOffers } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import type { OfferRecord } from '../domain/sharing/offer';
import type { Stored } from './ledger';
import { watchOffers, type OfferNews } from './offer-watch';

const record = (id: string, given: Partial<OfferRecord> = {}): OfferRecord => ({
  ...{ namespace: 'default', id, lender: 'a', region: 'eu', resources: { cpu: 1 }, pricePerHour: 1 },
  ...{ expiresAt: 10_000, withdrawn: false, ...given },
});
const grant = { holder: 'b', claim: 'c', token: 3, ttlMs: 1_000, expiresAt: 1_000 };

/** A bucket whose changes come when the test says so. */
class Written {
  readonly stored: Stored<OfferRecord>[] = [];
  private deliver: (stored: Stored<OfferRecord> | undefined) => void = () => undefined;
  private revision = 0;

  put(one: OfferRecord): void {
    const stored = { key: one.id, record: one, revision: ++this.revision };
    this.stored.push(stored);
    this.deliver(stored);
  }

  list(): Promise<Stored<OfferRecord>[]> {
    return Promise.resolve(this.stored);
  }

  watch(): Promise<{ entries: AsyncIterable<Stored<OfferRecord>>; close: () => void }> {
    const waiting: (Stored<OfferRecord> | undefined)[] = [];
    let wake = (): void => undefined;
    this.deliver = (stored) => {
      waiting.push(stored);
      wake();
    };
    const entries = (async function* () {
      for (;;) {
        const next = waiting.shift();
        if (next) yield next;
        else if (waiting.length > 0) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    })();
    return Promise.resolve({ entries, close: () => undefined });
  }
}

async function next(news: AsyncIterator<OfferNews>): Promise<string> {
  const { value } = await (news.next() as Promise<IteratorYieldResult<OfferNews>>);
  return value.kind === 'synced' ? 'synced' : `${value.kind} ${value.offer.id} ${value.offer.state}`;
}

test('what is there comes first, then what changes, also what time alone changes', async () => {
  const clock = new ManualClock();
  const [written, filter] = [new Written(), ListOffers.parse({})];
  written.put(
    record('o-1', { grant: { ...grant, expiresAt: clock.now() + 1_000 }, expiresAt: clock.now() + 10_000 }),
  );
  written.put(record('o-2', { withdrawn: true }));
  const { entries, close } = await watchOffers(written, clock, filter);
  const news = entries[Symbol.asyncIterator]();
  expect([await next(news), await next(news)]).toEqual(['put o-1 claimed', 'synced']);
  clock.advance(1_000);
  expect(await next(news)).toBe('put o-1 open');
  written.put(record('o-3', { expiresAt: clock.now() + 60_000 }));
  expect(await next(news)).toBe('put o-3 open');
  clock.advance(9_000);
  expect(await next(news)).toBe('delete o-1 ended');
  close();
  expect((await news.next()).done).toBe(true);
});

test('who asks for open ones is told that one was claimed, and the last of several changes', async () => {
  const clock = new ManualClock();
  const written = new Written();
  const later = { expiresAt: clock.now() + 60_000 };
  written.put(record('o-1', later));
  const { entries, close } = await watchOffers(written, clock, ListOffers.parse({ state: 'open' }));
  const news = entries[Symbol.asyncIterator]();
  expect([await next(news), await next(news)]).toEqual(['put o-1 open', 'synced']);
  written.put(record('o-1', { ...later, grant: { ...grant, expiresAt: clock.now() + 1_000 } }));
  expect(await next(news)).toBe('delete o-1 claimed');
  clock.advance(1_000);
  expect(await next(news)).toBe('put o-1 open');
  close();
});

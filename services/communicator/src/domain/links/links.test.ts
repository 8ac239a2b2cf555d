import fc from 'fast-check';
import { Link } from './link';
import { LinkBoard } from './link-board';

const inbox = { namespace: 'default', name: 'inbox' };

test('a rate is that of the last minute, whenever the messages came in it', () => {
  const link = new Link(0);
  for (let ms = 0; ms < 300_000; ms += 100) link.delivered(50, 5, ms);
  for (const ms of [300_000, 310_000, 345_000]) {
    const gone = ms - 300_000;
    const { messages, bytes } = link.rates(ms);
    expect(messages).toBeCloseTo((10 * (60_000 - gone)) / 60_000, 0);
    expect(bytes).toBeCloseTo(messages * 50, 5);
  }
  expect(link.rates(500_000)).toEqual({ messages: 0, bytes: 0 });
  expect([link.counts.delivered, link.counts.bytes]).toEqual([3_000, 150_000]);
  expect(link.latencies(500_000).total).toBe(0);
});

test('a young link has the rate of its short life', () => {
  const link = new Link(1_000);
  for (let n = 0; n < 20; n++) link.delivered(1, 1, 1_000 + n * 100);
  expect(link.rates(3_000).messages).toBeCloseTo(10);
});

test('quantiles are right to 3 %', () => {
  const link = new Link(0);
  for (let ms = 1; ms <= 1_000; ms++) link.delivered(1, ms, 10);
  const sketch = link.latencies(20);
  for (const q of [0.5, 0.9, 0.99]) expect(sketch.quantile(q)).toBeGreaterThan(q * 1_000 * 0.96);
  for (const q of [0.5, 0.9, 0.99]) expect(sketch.quantile(q)).toBeLessThan(q * 1_000 * 1.04);
});

test('there are never more links than allowed, and all counts together are all that was counted', () => {
  const counted = fc.record({
    from: fc.nat(30),
    waitMs: fc.nat(400_000),
    bytes: fc.nat(1_000),
    dead: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(counted, { maxLength: 200 }), (all) => {
      const board = new LinkBoard(5, 0);
      let nowMs = 0;
      const sum = { delivered: 0, bytes: 0, dead: 0 };
      for (const { from, waitMs, bytes, dead } of all) {
        nowMs += waitMs;
        const link = board.of(inbox, `s${from}`, nowMs);
        if (dead) link.count('dead', nowMs);
        else link.delivered(bytes, 1, nowMs);
        sum.delivered += dead ? 0 : 1;
        sum.bytes += dead ? 0 : bytes;
        sum.dead += dead ? 1 : 0;
      }
      const links = [...board.all()].map((each) => each.link.counts);
      expect(links.length).toBeLessThanOrEqual(5);
      const total = [...links, board.other.counts];
      const of = (key: keyof typeof sum): number => total.reduce((before, counts) => before + counts[key], 0);
      expect({ delivered: of('delivered'), bytes: of('bytes'), dead: of('dead') }).toEqual(sum);
    }),
  );
});

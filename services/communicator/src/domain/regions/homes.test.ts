import type { MailHome } from '@multiswarm/contracts';
import fc from 'fast-check';
import { CLAIM_RENEWED_MS, Homes, isLater } from './homes';

const NAMES = { namespace: 'default', mailbox: 'b' };
const claims = fc.array(
  fc.record({ domain: fc.constantFrom('ap', 'eu', 'us'), atMs: fc.integer({ min: 0, max: 5 }) }),
  { minLength: 1, maxLength: 12 },
);

function after(domain: string, heard: readonly MailHome[]): MailHome | undefined {
  const homes = new Homes(domain);
  for (const home of heard) homes.learn(home);
  return homes.of('default', 'b');
}

test('all who have heard the same claims agree, in whichever order and however often they came', () => {
  fc.assert(
    fc.property(claims, fc.integer(), (made, seed) => {
      const heard = made.map((claim) => ({ ...NAMES, ...claim }));
      const others = [...heard, ...heard].sort(
        (a, b) => ((a.atMs * 7 + seed) % 3) - ((b.atMs * 5 + seed) % 3),
      );
      expect(after('eu', heard)).toEqual(after('us', others));
    }),
  );
});

test('a new claim is later than all that are known, even where the clock is behind', () => {
  fc.assert(
    fc.property(claims, fc.integer({ min: 0, max: 10 }), (made, wallMs) => {
      const homes = new Homes('here');
      for (const claim of made) homes.learn({ ...NAMES, ...claim });
      const before = homes.of('default', 'b');
      const mine = homes.claim('default', 'b', wallMs);
      expect(mine !== undefined && before !== undefined && isLater(mine, before)).toBe(true);
      expect(homes.elsewhere('default', 'b')).toBeUndefined();
      expect(homes.claim('default', 'b', wallMs + 1)).toBeUndefined();
    }),
  );
});

test('a mailbox that is read on is claimed anew each day, also for those who have heard of it', () => {
  const homes = new Homes('here');
  const first = homes.claim('default', 'b', 1_000);
  expect(first).toMatchObject({ domain: 'here', atMs: 1_000 });
  expect(homes.claim('default', 'b', 999 + CLAIM_RENEWED_MS)).toBeUndefined();
  const second = homes.claim('default', 'b', 1_000 + CLAIM_RENEWED_MS);
  expect(second).toMatchObject({ domain: 'here', atMs: 1_000 + CLAIM_RENEWED_MS });
  expect(homes.claim('default', 'b', 1_001 + CLAIM_RENEWED_MS)).toBeUndefined();
  const others = new Homes('there');
  expect([first, second].map((home) => home && others.learn(home))).toEqual([true, true]);
});

test('a domain tells what it has claimed itself, by names, page by page', () => {
  const homes = new Homes('here');
  for (const mailbox of ['c', 'a', 'b']) homes.claim('default', mailbox, 1);
  homes.learn({ ...NAMES, mailbox: 'd', domain: 'eu', atMs: 9 });
  const told = (from: string): string[] => [...homes.ours(from)].map(([, { mailbox }]) => mailbox);
  expect(told('')).toEqual(['a', 'b', 'c']);
  expect(told('default a')).toEqual(['b', 'c']);
});

test('what goes beyond the limit is not remembered; what is known is kept up to date', () => {
  const homes = new Homes('here', 1);
  expect(homes.learn({ ...NAMES, domain: 'eu', atMs: 1 })).toBe(true);
  expect(homes.learn({ ...NAMES, mailbox: 'c', domain: 'eu', atMs: 1 })).toBe(false);
  expect(homes.learn({ ...NAMES, domain: 'us', atMs: 2 })).toBe(true);
  expect(homes.elsewhere('default', 'b')?.domain).toBe('us');
});

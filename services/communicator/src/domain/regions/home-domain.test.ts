import { homeDomain } from './home-domain';

test('the domain is that of the server; where it has none, that of the setting, or hub', () => {
  expect(homeDomain('eu', undefined)).toBe('eu');
  expect(homeDomain('eu', 'eu')).toBe('eu');
  expect(homeDomain(undefined, 'eu')).toBe('eu');
  expect(homeDomain(undefined, undefined)).toBe('hub');
});

test('a setting that names another domain than the server has is refused with both names', () => {
  expect(() => homeDomain('eu', 'us')).toThrow(/domain "eu", and JETSTREAM_DOMAIN says "us"/);
});

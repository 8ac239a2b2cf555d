import { entryOf, isNews, type Present } from './entry';

const present: Present = {
  ...{ region: 'eu-west', capabilities: ['llm'], attributes: { gb: 8 }, slots: 3, load: 1 / 3 },
  ...{ costPerSlotHour: 2, state: 'ready' },
};
const advertised = { capabilities: ['ocr', 'llm'], costPerSlotHour: 1, expiresAt: 0, whilePresent: true };

test('what was advertised wins over what heartbeats say, and adds to it', () => {
  expect(entryOf('a', present, { ...advertised, attributes: { tier: 'gold' } })).toEqual({
    ...{ swarmId: 'a', source: 'both', region: 'eu-west', load: 0.333, state: 'ready', slots: 3 },
    ...{ capabilities: ['llm', 'ocr'], costPerSlotHour: 1, attributes: { gb: 8, tier: 'gold' } },
    until: '1970-01-01T00:00:00.000Z',
  });
});

test('an advertisement that belongs to a swarm goes with it; another one stays', () => {
  expect(entryOf('a', undefined, advertised)).toBeUndefined();
  expect(entryOf('a', undefined, { ...advertised, whilePresent: false })).toMatchObject({
    ...{ source: 'advertisement', capabilities: ['llm', 'ocr'] },
  });
});

test.each([
  [0.3, 0.35, false],
  [0.3, 0.45, true],
  [0.95, 1, true],
  [0.02, 0, true],
  [undefined, 0.5, true],
] as const)('a load that moves from %p to %p is news: %p', (before, after, news) => {
  const entry = (load: number | undefined) => {
    const { load: _, ...rest } = entryOf('a', present, undefined)!;
    return load === undefined ? rest : { ...rest, load };
  };
  expect(isNews(entry(before), entry(after))).toBe(news);
});

test('that it was renewed is no news; another price is', () => {
  const at = (expiresAt: number, costPerSlotHour = 1) =>
    entryOf('a', present, { ...advertised, expiresAt, costPerSlotHour });
  expect(isNews(at(1), at(2))).toBe(false);
  expect(isNews(at(1), at(1, 3))).toBe(true);
});

import { lackingFeatures, requireServer, SERVER_FEATURES, type ServerFeatureName } from './server-features';

const ALL = Object.keys(SERVER_FEATURES) as ServerFeatureName[];
const required = ALL.filter((name) => SERVER_FEATURES[name].need === 'required');

test.each([
  ['2.8.4', ALL.length],
  ['2.9.10', ALL.length - required.length],
  ['2.10.3', ALL.length - required.length - 1],
  ['2.10.4', ALL.length - required.length - 2],
  ['v2.11.0', 3],
  ['2.12.0-RC.1', 0],
  ['2.14.3', 0],
  ['3.0.0', 0],
  ['a build of my own', ALL.length],
])('nats-server %s lacks %i features', (version, count) => {
  expect(lackingFeatures(version)).toHaveLength(count);
});

test('a server that is too old is refused by the name of what it lacks, with its version and the one that is needed', () => {
  expect(() => requireServer({ version: '2.8.4', jetstream: true })).toThrow(
    /nats-server 2\.8\.4 lacks "consumers by name and filter", which needs 2\.9\.0/,
  );
  expect(() => requireServer({ version: '2.14.0', jetstream: false })).toThrow(
    /JetStream .* start it with -js/,
  );
});

test('what is lacking and not needed is told', () => {
  expect(requireServer({ version: '2.11.9', jetstream: true })).toEqual([
    'scheduled messages',
    'counters',
    'atomic batches',
  ]);
});

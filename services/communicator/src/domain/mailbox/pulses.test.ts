import { mailReaderOf } from '@multiswarm/contracts';
import { Pulses } from './pulses';

const BEAT = { swarmId: 'b', instance: 'one', intervalMs: 1_000 };
const READER = mailReaderOf('b', 'one');

test('a process is told once, when it has missed three heartbeats, and is known again with its next one', () => {
  const pulses = new Pulses();
  pulses.heard(BEAT);
  expect([...pulses.passed(2_999)]).toEqual([]);
  pulses.heard(BEAT);
  expect([...pulses.passed(2_999)]).toEqual([]);
  expect([...pulses.passed(1)]).toEqual([READER]);
  expect([...pulses.passed(10_000)]).toEqual([]);
  pulses.heard(BEAT);
  expect([...pulses.passed(3_000)]).toEqual([READER]);
});

test('each process of a swarm is judged by its own heartbeats', () => {
  const pulses = new Pulses();
  pulses.heard(BEAT);
  pulses.heard({ ...BEAT, instance: 'two' });
  pulses.passed(2_000);
  pulses.heard({ ...BEAT, instance: 'two' });
  expect([...pulses.passed(1_000)]).toEqual([READER]);
});

test('whoever heartbeats very often is not taken to be gone at once', () => {
  const pulses = new Pulses();
  pulses.heard({ ...BEAT, intervalMs: 100 });
  expect([...pulses.passed(1_499)]).toEqual([]);
  expect([...pulses.passed(1)]).toEqual([READER]);
});

test('beyond the limit nobody is added, and those that are there go on', () => {
  const pulses = new Pulses(1);
  pulses.heard(BEAT);
  pulses.heard({ ...BEAT, instance: 'two' });
  expect([...pulses.passed(3_000)]).toEqual([READER]);
});

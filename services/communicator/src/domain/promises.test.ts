import { MessageSubmission } from '@multiswarm/contracts';
import { assertPromisable } from './promises';

const submission = (given: object = {}): MessageSubmission =>
  MessageSubmission.parse({ from: 'a', to: 'b', kind: 'event', ...given });

test('with cross-swarm communication off, the refusal names the setting', () => {
  expect(() => assertPromisable(submission(), { crossSwarm: false })).toThrow(
    expect.objectContaining({
      code: 'feature-not-available',
      message: expect.stringContaining('CROSS_SWARM_COMMUNICATION=false'),
    }),
  );
});

test('data and a reference to data exclude each other', () => {
  const dataRef = { id: `default.${'a'.repeat(64)}`, bytes: 300_000 };
  expect(() => assertPromisable(submission({ dataRef }), { crossSwarm: true })).not.toThrow();
  expect(() => assertPromisable(submission({ dataRef, data: { a: 1 } }), { crossSwarm: true })).toThrow(
    expect.objectContaining({ code: 'invalid-request' }),
  );
});

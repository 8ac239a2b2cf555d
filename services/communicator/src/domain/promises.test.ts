import { LIMITS, MessageSubmission } from '@multiswarm/contracts';
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

test('data is measured in bytes of its JSON, and a message at the limit passes', () => {
  const quotes = 2;
  const full = 'x'.repeat(LIMITS.MESSAGE_BYTES - quotes);
  expect(() => assertPromisable(submission({ data: full }), { crossSwarm: true })).not.toThrow();
  expect(() => assertPromisable(submission({ data: `${full}x` }), { crossSwarm: true })).toThrow(
    expect.objectContaining({ code: 'body-too-large' }),
  );
  const umlauts = 'ü'.repeat(LIMITS.MESSAGE_BYTES / 2);
  expect(() => assertPromisable(submission({ data: umlauts }), { crossSwarm: true })).toThrow(
    expect.objectContaining({ code: 'body-too-large' }),
  );
});

import { LIMITS } from '@multiswarm/contracts';
import { deadHeaders } from './dead-headers';

test('an error that is cut in the middle of a pair of UTF-16 units can be kept all the same', () => {
  const message = `${'x'.repeat(LIMITS.ERROR_MESSAGE_CHARS - 1)}\u{1f600}`;
  const address = { qos: 'at-least-once', priority: 'low', namespace: 'n', to: 'b', from: 'a' } as const;
  const body = { headers: undefined, data: new Uint8Array(0) };
  const burial = { seq: 1, address, body, cause: 'poison', message, attempts: 1, diedAtMs: 0 } as const;
  const kept = decodeURIComponent(deadHeaders(burial)['ms-error'] ?? '');
  expect(kept).toBe(`${'x'.repeat(LIMITS.ERROR_MESSAGE_CHARS - 1)}\ufffd`);
});

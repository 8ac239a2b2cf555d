import * as fc from 'fast-check';
import { headers as clientHeaders } from '@nats-io/transport-node';
import { printedHeaders } from './printed-headers';

/** As the client's own headers print themselves. */
function bytesOf(headers: unknown): string {
  return Buffer.from((headers as { encode(): Uint8Array }).encode()).toString('utf8');
}

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const value = fc
  .stringMatching(/^([\x21-\x7eäß](.{0,30}[\x21-\x7eäß])?)?$/)
  .filter((text) => !/[\r\n]/.test(text));

test('headers are what those of the client would be', () => {
  fc.assert(
    fc.property(fc.dictionary(name, value, { minKeys: 1 }), (entries) => {
      const theirs = clientHeaders();
      for (const [key, text] of Object.entries(entries)) theirs.set(key, text);
      expect(bytesOf(printedHeaders(entries)).replace(/ \r\n/g, '\r\n')).toBe(
        bytesOf(theirs).replace(/ \r\n/g, '\r\n'),
      );
    }),
  );
});

test.each(['a\r\nb: c', 'a\nb', 'a\rb', '\r\n'])('a value cannot become a header of its own: %j', (text) => {
  expect(() => printedHeaders({ first: 'x', second: text })).toThrow('the header "second" has a line break');
});

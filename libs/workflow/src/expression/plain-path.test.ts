import fc from 'fast-check';
import { parsePath, partOf } from './path-syntax';
import { plainParts } from './plain-path';

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,6}$/);
const quoted = fc.string({ maxLength: 6 });
const segment = fc.oneof(
  name.map((part) => `.${part}`),
  quoted.map((part) => `['${part}']`),
  quoted.map((part) => `["${part}"]`),
  fc.integer({ min: -12, max: 12 }).map((index) => `[${index}]`),
  fc.constantFrom('[-0]', '[00]', '[1', '.1a', ' .a', '[*]', '..a', "['a','b']", '[1:2]', '.é', '[ 1 ]'),
);

test('what is read as a plain path the library reads the same', () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
      const text = `$${segments.join('')}`;
      const parts = plainParts(text);
      if (parts !== undefined) expect(parsePath(text).segments.map(partOf)).toEqual(parts);
    }),
  );
});

test.each<[string, (string | number)[] | undefined]>([
  ['$', []],
  ['$.steps.a.output', ['steps', 'a', 'output']],
  [`$.steps['a-b'].output["c d"][0][-2]`, ['steps', 'a-b', 'output', 'c d', 0, -2]],
  [`$.run['']`, ['run', '']],
  [`$.run['a\\'b']`, undefined],
  ['$.run[01]', undefined],
  ['$.run[-0]', undefined],
  ['$.run[*]', undefined],
  ['$.run ', undefined],
  ['run', undefined],
])('the parts of %s are %j', (text, expected) => {
  expect(plainParts(text)).toEqual(expected);
});

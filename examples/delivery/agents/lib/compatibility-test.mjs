/** The test program that goes with the compatibility module: recorded answers of the old functions, as a table. */

/** @param {string} modulePath @param {{ parse: { link: string, parts: object }[], resolve: object[] }} kept */
export function compatibilityTest(modulePath, kept) {
  return `'use strict';

/** Answers that url.parse() and url.resolve() gave; recorded before they were replaced. */
const test = require('node:test');
const assert = require('node:assert/strict');
const { parseUrl, resolveUrl } = require('${modulePath}');

const PARSED = [
${kept.parse.map(({ link, parts }) => `  [${literal(link)}, ${literal(parts)}],`).join('\n')}
];

const RESOLVED = [
${kept.resolve.map(({ base, link, result }) => `  [${literal(base)}, ${literal(link)}, ${literal(result)}],`).join('\n')}
];

for (const [link, parts] of PARSED) {
  test(\`"\${link}" has the parts that it always had\`, () => {
    const parsed = parseUrl(link);
    for (const [name, value] of Object.entries(parts)) assert.equal(parsed[name], value, name);
  });
}

for (const [base, link, result] of RESOLVED) {
  test(\`"\${link}" seen from "\${base}" leads where it always led\`, () => {
    assert.equal(resolveUrl(base, link), result);
  });
}

test('the query can be read as an object, repeated names as lists', () => {
  assert.deepEqual({ ...parseUrl('/a?x=1&x=2&y', true).query }, { x: ['1', '2'], y: '' });
});
`;
}

/** JSON, as a literal with single quotes. Texts of the tables hold neither quotes nor backslashes. */
function literal(value) {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key}: ${literal(inner)}`)
    .join(', ')} }`;
}

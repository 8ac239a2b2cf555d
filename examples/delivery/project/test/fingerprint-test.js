'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const { fingerprint, shortName } = require('../src');

test('links that lead to one page share a fingerprint', () => {
  assert.equal(fingerprint('https://example.com/a?b=1&a=2'), fingerprint('https://EXAMPLE.com/a?a=2&utm_source=x&b=1'));
  assert.notEqual(fingerprint('https://example.com/a'), fingerprint('https://example.com/b'));
});

test('fingerprints do not change between releases', () => {
  assert.equal(fingerprint('https://example.com/'), '0c8b41cfdcb3c914');
  assert.equal(shortName('https://example.com/'), 'DItBz9yzyRQ');
});

'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const { formatTable } = require('../src');

test('columns line up, numbers to the right, long cells are cut', () => {
  assert.equal(
    formatTable([
      ['a', 1],
      ['bcd', 10],
    ]),
    'a     1\nbcd  10',
  );
  assert.equal(formatTable([{ text: 'abcdef' }], { maxWidth: 4 }), 'abc…');
  assert.equal(formatTable([]), '');
});

'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const { parseBasic, formatBasic } = require('../src');

test('credentials survive a round trip, also outside of Latin-1', () => {
  for (const [user, password] of [['ann', 'se:cret'], ['søren', '密码'], ['', '']]) {
    assert.deepEqual(parseBasic(formatBasic(user, password)), { user, password });
  }
});

test('the header is what RFC 7617 gives as its example', () => {
  // In 2015 this test compared with new Buffer('Aladdin:open sesame').toString('base64').
  assert.equal(formatBasic('Aladdin', 'open sesame'), 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
});

test('what is no basic header gives undefined', () => {
  for (const header of [undefined, '', 'Bearer abc', 'Basic !!', formatBasic('x', 'y').substr(0, 7)]) {
    assert.equal(parseBasic(header), undefined);
  }
});

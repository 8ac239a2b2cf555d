'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { parseLine, topPaths } = require('../src');

const log = fs.readFileSync(path.join(__dirname, 'fixtures', 'access.log'), 'utf8');

test('a line in the combined format is read whole', () => {
  assert.deepEqual(parseLine(log.split('\n')[0]), {
    host: '192.0.2.7',
    user: 'ann',
    time: '2025-10-10T20:55:36.000Z',
    method: 'GET',
    path: '/guide',
    status: 200,
    bytes: 2326,
    referer: 'https://example.com/',
    agent: 'Agent/1.0',
  });
});

test('a time that is none is left out, a line that is none is undefined', () => {
  const [line] = log.split('\n');
  assert.equal(parseLine(line.replace('Oct', 'Okt')).time, undefined);
  assert.equal(parseLine(line.replace('10/Oct', '99/Oct')).time, undefined);
  assert.equal(parseLine('nonsense'), undefined);
});

test('the most requested paths come first; errors do not count; text and lines give the same', () => {
  const expected = [
    { path: '/guide', hits: 2, bytes: 4626 },
    { path: '/about', hits: 1, bytes: 0 },
  ];
  assert.deepEqual(topPaths(log), expected);
  assert.deepEqual(topPaths(log.split('\n')), expected);
  assert.equal(topPaths(log, 1).length, 1);
});

'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');

test('the public functions are these', () => {
  assert.deepEqual(Object.keys(require('../src')).sort(), [
    'breadcrumb',
    'cleanUrl',
    'excerpt',
    'extractLinks',
    'fingerprint',
    'formatBasic',
    'formatTable',
    'openStore',
    'parseBasic',
    'parseLine',
    'resolveLinks',
    'sameSite',
    'shortName',
    'toRss',
    'topPaths',
  ]);
});

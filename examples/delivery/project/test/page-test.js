'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { extractLinks } = require('../src');

const html = fs.readFileSync(path.join(__dirname, 'fixtures', 'page.html'), 'utf8');

test('links of a page are absolute, in order, and each page appears once', () => {
  assert.deepEqual(extractLinks(html, 'https://example.com/index.html'), [
    { href: 'https://example.com/guide/style.css?v=2', rel: 'stylesheet' },
    { href: 'https://example.com/guide/first.html', rel: '' },
    { href: 'https://other.example/?q=1&r=2', rel: 'nofollow' },
    { href: 'https://example.com/plain', rel: '' },
  ]);
});

test('a page without links has none', () => {
  assert.deepEqual(extractLinks('<p>nothing</p>', 'https://example.com/'), []);
});

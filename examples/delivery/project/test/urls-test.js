'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const url = require('node:url');
const { cleanUrl, resolveLinks, sameSite, breadcrumb } = require('../src');

test('tracking parameters and fragments go, the rest is sorted', () => {
  assert.equal(cleanUrl(' https://Example.com/guide?utm_source=mail&b=2&a=1#top '), 'https://example.com/guide?a=1&b=2');
  assert.equal(cleanUrl('https://example.com?fbclid=x'), 'https://example.com/');
});

test('repeated parameters and ports survive cleaning', () => {
  assert.equal(cleanUrl('http://example.com:8080/a?x=2&x=1'), 'http://example.com:8080/a?x=2&x=1');
});

test('relative links can be cleaned too', () => {
  assert.equal(cleanUrl('/a/b?gclid=1&c=d'), '/a/b?c=d');
  assert.equal(cleanUrl('page?utm_medium=x'), 'page');
  assert.equal(cleanUrl('?a=1'), '/?a=1');
});

test('links become absolute and what is no web address is dropped', () => {
  assert.deepEqual(resolveLinks('https://example.com/docs/start', ['../blog/', '//cdn.example/x.js', 'mailto:a@b.example', '?q=1']), [
    'https://example.com/blog/',
    'https://cdn.example/x.js',
    'https://example.com/docs/start?q=1',
  ]);
});

test('www does not make another site', () => {
  assert.equal(sameSite('https://www.example.com/a', 'http://example.com'), true);
  assert.equal(sameSite('https://example.com', 'https://example.org'), false);
  assert.equal(sameSite('/a', '/b'), false);
});

test('a breadcrumb names the host and the decoded steps', () => {
  assert.equal(breadcrumb('https://example.com/a%20b/c?d'), 'example.com › a b › c');
  assert.equal(breadcrumb('/x/y'), 'x › y');
});

test('cleaning does not change the host', () => {
  assert.equal(url.parse(cleanUrl('https://EXAMPLE.com/a?gclid=1')).hostname, url.parse('https://example.com/a').hostname);
});

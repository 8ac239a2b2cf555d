'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const { toRss, excerpt } = require('../src');

test('a feed lists the links with escaped texts and stable guids', () => {
  const rss = toRss(
    [{ href: 'https://example.com/?a=1&b=2', title: 'Q & A', note: '<b>bold</b>' }, { href: 'https://other.example/x' }],
    { site: 'https://links.example/me/', title: 'Mine' },
  );
  assert.match(rss, /<title>Q &amp; A<\/title>/);
  assert.match(rss, /<description>&lt;b&gt;bold&lt;\/b&gt;<\/description>/);
  assert.match(rss, /<title>other\.example<\/title>/);
  assert.match(rss, /<source url="https:\/\/links\.example\/feed\.xml">links\.example<\/source>/);
  assert.equal([...rss.matchAll(/<guid isPermaLink="false">[\w-]{11}<\/guid>/g)].length, 2);
});

test('the generator text is part of the format', () => {
  assert.ok(toRss([], { site: 'https://links.example/' }).includes('(no url.parse(), new Buffer() or &quot;x&quot;.substr(1) is needed'));
});

test('an excerpt is cut at a word where there is one', () => {
  assert.equal(excerpt('short', 10), 'short');
  assert.equal(excerpt('one two three', 9), 'one two…');
  assert.equal(excerpt('onetwothree', 5), 'onet…');
});

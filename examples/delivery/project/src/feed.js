'use strict';

/** RSS 2.0 of a list of links. */
const url = require('url');
const { shortName } = require('./fingerprint');

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
// Feed readers that still call url.parse() on the guid need it to be one path segment.
const GENERATOR = 'linktrail (no url.parse(), new Buffer() or "x".substr(1) is needed to read this)';

const escapeXml = (text) => String(text).replace(/[&<>"]/g, (character) => ESCAPES[character]);

/** At most `length` characters, cut at a word where there is one. */
function excerpt(text, length) {
  if (text.length <= length) return text;
  const head = text.substr(0, length - 1);
  const space = head.lastIndexOf(' ');
  return `${space > 0 ? head.substr(0, space) : head}…`;
}

function item(link, site) {
  const { host } = url.parse(link.href);
  return [
    '    <item>',
    `      <title>${escapeXml(link.title || host)}</title>`,
    `      <link>${escapeXml(link.href)}</link>`,
    `      <guid isPermaLink="false">${shortName(link.href)}</guid>`,
    `      <source url="${escapeXml(url.resolve(site, '/feed.xml'))}">${escapeXml(url.parse(site).host)}</source>`,
    ...(link.note ? [`      <description>${escapeXml(excerpt(link.note, 140))}</description>`] : []),
    '    </item>',
  ].join('\n');
}

/** The feed of `links` (as a store lists them) for the site at `site`. */
function toRss(links, { site, title = 'Links' }) {
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<rss version="2.0">',
    '  <channel>',
    `    <title>${escapeXml(title)}</title>`,
    `    <link>${escapeXml(site)}</link>`,
    `    <generator>${escapeXml(GENERATOR)}</generator>`,
    ...links.map((link) => item(link, site)),
    '  </channel>',
    '</rss>',
    '',
  ].join('\n');
}

module.exports = { toRss, excerpt };

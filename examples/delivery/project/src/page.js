'use strict';

/** Links of a saved page. Reads tags and attributes only; it is no HTML parser and needs none. */
const { resolve: resolveUrl } = require('url');
const { cleanUrl } = require('./urls');

const TAG = /<(a|area|link|base)\b((?:"[^"]*"|'[^']*'|[^'">])*)>/gi;
const ENTITIES = { '&amp;': '&', '&quot;': '"', '&#39;': "'", '&lt;': '<', '&gt;': '>' };

function attribute(attributes, name) {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*("[^"]*"|'[^']*'|[^\\s"'>]+)`, 'i').exec(attributes);
  if (!match) return undefined;
  const quoted = /^["']/.test(match[1]);
  const text = quoted ? match[1].substr(1, match[1].length - 2) : match[1];
  return text.replace(/&(?:amp|quot|#39|lt|gt);/g, (entity) => ENTITIES[entity]);
}

/**
 * The links of `html` as `{ href, rel }`, absolute, in order, each once.
 * A `<base href>` of the page goes before `baseUrl`, as browsers do it.
 */
function extractLinks(html, baseUrl) {
  let base = baseUrl;
  const seen = new Map();
  for (const [, tag, attributes] of html.replace(/<!--[\s\S]*?-->/g, '').matchAll(TAG)) {
    const href = attribute(attributes, 'href');
    if (href === undefined || href.startsWith('#')) continue;
    if (tag.toLowerCase() === 'base') {
      base = resolveUrl(baseUrl, href);
      continue;
    }
    const absolute = resolveUrl(
      base,
      href,
    );
    if (!/^https?:/.test(absolute)) continue;
    const key = cleanUrl(absolute);
    if (!seen.has(key)) seen.set(key, { href: absolute, rel: attribute(attributes, 'rel') || '' });
  }
  return [...seen.values()];
}

module.exports = { extractLinks };

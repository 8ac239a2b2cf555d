/**
 * What url.parse and url.resolve really answer on this Node.js, for links of every shape. The migration is judged
 * against these records and not against memory; this is the one place that calls the old functions, and it must.
 */
import url from 'node:url';

const LINKS = [
  'https://example.com/a/b?c=d#e',
  'HTTP://Example.COM:8080',
  'http://example.com:80/',
  'http://user:pass@example.com/',
  'http://[::1]:3000/x',
  'http://example.com/a b',
  'http://example.com/a/../b',
  '/a/b?x=1',
  '/a/../b',
  'page?x',
  '?a=1',
  '#top',
  '',
  '//cdn.example/y',
  'mailto:a@b.example',
  'javascript:void(0)',
  'localhost:80/x',
  'http://exa%zzmple.com/a?b#c',
];

const PAIRS = [
  ['https://example.com/docs/start', '../blog/'],
  ['https://example.com/a', '//cdn.example/x.js'],
  ['https://example.com/a', 'mailto:a@b.example'],
  ['https://example.com', 'x'],
  ['https://example.com/a/', '#f'],
  ['https://example.com/a?b=c', '?d=e'],
  ['http://example.com:80/a', 'b'],
  ['/one/two', 'three'],
  ['a/b', 'c'],
];

/** Properties of a parsed link that a project can depend on. */
export const PROPERTIES = [
  'protocol',
  'auth',
  'host',
  'port',
  'hostname',
  'hash',
  'search',
  'query',
  'pathname',
  'path',
  'href',
];

/** @param {string[]} apis those that the project uses */
export function recordProbes(apis) {
  return {
    parse: apis.includes('url.parse') ? LINKS.map((link) => ({ link, parts: partsOf(url.parse(link)) })) : [],
    resolve: apis.includes('url.resolve')
      ? PAIRS.map(([base, link]) => ({ base, link, result: url.resolve(base, link) }))
      : [],
  };
}

const partsOf = (parsed) => Object.fromEntries(PROPERTIES.map((name) => [name, parsed[name] ?? null]));

/**
 * How the replacement answers the same questions.
 * @param {ReturnType<typeof recordProbes>} probes
 * @param {{ parseUrl: (link: string) => any, resolveUrl: (base: string, link: string) => string }} replacement
 */
export function compareProbes(probes, { parseUrl, resolveUrl }) {
  const same = { parse: /** @type {any[]} */ ([]), resolve: /** @type {any[]} */ ([]) };
  const different = [];
  for (const { link, parts } of probes.parse) {
    const now = partsOf(parseUrl(link));
    const changed = PROPERTIES.filter((name) => now[name] !== parts[name]);
    const kept = PROPERTIES.filter((name) => !changed.includes(name));
    same.parse.push({ link, parts: Object.fromEntries(kept.map((name) => [name, parts[name]])) });
    for (const property of changed)
      different.push({
        call: `parse(${quote(link)})`,
        property,
        before: parts[property],
        after: now[property],
      });
  }
  for (const { base, link, result } of probes.resolve) {
    const now = resolveUrl(base, link);
    if (now === result) same.resolve.push({ base, link, result });
    else
      different.push({
        call: `resolve(${quote(base)}, ${quote(link)})`,
        property: 'result',
        before: result,
        after: now,
      });
  }
  return { same, different };
}

const quote = (text) => `'${text}'`;

'use strict';

/**
 * What url.parse() and url.resolve() gave, from the WHATWG parser. Unlike `new URL()`, both take relative links.
 * An address with a host that the WHATWG parser refuses has no host here; resolveUrl() throws a TypeError for it.
 */
const querystring = require('querystring');

const SCHEME = /^([a-z][a-z0-9+.-]*:)(?:\/\/[^/?#]*)?/i;
const NO_ORIGIN = { protocol: null, auth: null, host: null, port: null, hostname: null };

/** The parts of a link, with the names of url.parse(); what the link does not have is null. */
function parseUrl(link, parseQuery = false) {
  const text = link.trim();
  const parts = URL.canParse(text) ? partsOf(new URL(text)) : partsByShape(text);
  const search = parts.search ?? '';
  const query = parseQuery
    ? querystring.parse(search.slice(1))
    : parts.search === null
      ? null
      : search.slice(1);
  const path = (parts.pathname ?? '') + search || null;
  return { ...parts, query, path };
}

function partsOf({ protocol, username, password, host, port, hostname, hash, search, pathname, href }) {
  const auth = [username, password].filter((part) => part !== '').map(decodeURIComponent);
  const orNull = (part) => (part === '' ? null : part);
  return {
    protocol,
    auth: auth.length === 0 ? null : auth.join(':'),
    host: orNull(host),
    port: orNull(port),
    hostname: orNull(hostname),
    hash: orNull(hash),
    search: orNull(search),
    pathname: orNull(pathname),
    href,
  };
}

/** Relative links, and addresses without a usable host. */
function partsByShape(text) {
  const [origin = '', protocol = null] = SCHEME.exec(text) ?? [];
  const [, pathname, search, hash] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text.slice(origin.length));
  const parts = { pathname: pathname || null, search: search ?? null, hash: hash ?? null, href: text };
  return { ...NO_ORIGIN, protocol: protocol?.toLowerCase() ?? null, ...parts };
}

/** `link` seen from `base`; where both are relative, the result is too. */
function resolveUrl(base, link) {
  const url = new URL(link, new URL(base, 'relative://'));
  return url.protocol === 'relative:' ? url.pathname + url.search + url.hash : url.href;
}

module.exports = { parseUrl, resolveUrl };

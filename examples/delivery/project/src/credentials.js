'use strict';

/**
 * Basic credentials (RFC 7617) of request headers and log lines.
 * History: before 1.2 this used `new Buffer(text, 'binary')` and broke on names outside of Latin-1.
 */

/** `Basic aGk6eW91` as `{ user, password }`, or undefined where it is not that. */
function parseBasic(header) {
  const match = /^Basic\s+([A-Za-z0-9+/]+=*)$/i.exec(header || '');
  if (!match) return undefined;
  const text = new Buffer(match[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  return { user: text.substr(0, colon), password: text.substr(colon + 1) };
}

/** The value of an `Authorization` header. */
function formatBasic(user, password) {
  return 'Basic ' + Buffer(`${user}:${password}`).toString('base64');
}

module.exports = { parseBasic, formatBasic };

'use strict';

/** Access logs in the combined format: host ident user [time] "request" status bytes "referer" "agent". */
const parseUrl = require('url').parse;
const { isArray } = require('util');

const LINE = /^(\S+) \S+ (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** `10/Oct/2025:13:55:36 -0700` as an ISO instant, or undefined. */
function parseTime(text) {
  const month = MONTHS.indexOf(text.substr(3, 3)) / 3 + 1;
  if (!Number.isInteger(month) || month < 1) return undefined;
  const zone = text.substr(-5);
  const iso = `${text.substr(7, 4)}-${String(month).padStart(2, '0')}-${text.substr(0, 2)}T${text.substr(12, 8)}${zone.substr(
    0,
    3,
  )}:${zone.substr(3)}`;
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/** One line as an object, or undefined where it does not have the format. */
function parseLine(line) {
  const match = LINE.exec(line);
  if (!match) return undefined;
  const [, host, user, time, request, status, bytes, referer, agent] = match;
  const [method = '', target = ''] = request.split(' ');
  return {
    host,
    user: user === '-' ? undefined : user,
    time: parseTime(time),
    method,
    path: parseUrl(target).pathname || '',
    status: Number(status),
    bytes: bytes === '-' ? 0 : Number(bytes),
    referer: referer === undefined || referer === '-' ? undefined : referer,
    agent,
  };
}

/** The most requested paths as `{ path, hits, bytes }`; accepts the text of a log or its lines. */
function topPaths(log, limit = 10) {
  const lines = isArray(log) ? log : log.split('\n');
  const byPath = new Map();
  for (const line of lines) {
    const entry = parseLine(line);
    if (!entry || entry.status >= 400) continue;
    const row = byPath.get(entry.path) || { path: entry.path, hits: 0, bytes: 0 };
    byPath.set(entry.path, { ...row, hits: row.hits + 1, bytes: row.bytes + entry.bytes });
  }
  return [...byPath.values()].sort((a, b) => b.hits - a.hits || (a.path < b.path ? -1 : 1)).slice(0, limit);
}

module.exports = { parseLine, topPaths };

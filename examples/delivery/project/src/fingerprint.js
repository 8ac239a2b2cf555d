'use strict';

/** Short, stable names for links: 64 bits of FNV-1a, good for file names and guids, no protection against forgers. */
const { Buffer: Bytes } = require('buffer');
const { cleanUrl } = require('./urls');

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const SIZE = 8;

/** 16 hexadecimal characters for a link; links that lead to one page share them. */
function fingerprint(link) {
  let hash = OFFSET;
  for (const byte of new Bytes(cleanUrl(link), 'utf8')) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  const out = new Bytes(SIZE);
  out.writeBigUInt64BE(hash);
  return out.toString('hex');
}

/** A fingerprint in eleven characters that are safe in a path. */
function shortName(link) {
  return new Buffer(fingerprint(link), 'hex')
    .toString('base64')
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .substr(0, 11);
}

module.exports = { fingerprint, shortName };

import { randomFillSync } from 'node:crypto';

/** Random bytes are fetched from the system in lots: one call for each id would cost more than the rest of it. */
const LOT_BYTES = 4_096;

const lot = Buffer.alloc(LOT_BYTES);
let at = LOT_BYTES;

/** So many bytes from the system's cryptographic source, as lower-case hex digits; at most 4,096 bytes. */
export function randomHex(bytes: number): string {
  if (at + bytes > LOT_BYTES) {
    randomFillSync(lot);
    at = 0;
  }
  at += bytes;
  // A text of its own: a slice of a text of the whole lot would keep all of that in memory.
  return lot.toString('hex', at - bytes, at);
}

import type { Label } from './metadata-text';
import { lower, SEPARATOR, sign, SIGNATURE_WORDS } from './signature';

/** What is asked of metadata as bytes. */
export interface MetadataQuestion {
  /** Each must be found as it is. */
  exact: readonly Uint8Array[];
  /** Each must be found in upper or lower case. */
  words: readonly { text: string; bytes: Uint8Array; isAscii: boolean }[];
  /** Of signatures: the words that count, with most bits first, and the bits that each must have. */
  maskWords: Uint32Array;
  maskBits: Uint32Array;
}

/** @returns undefined where nothing is asked */
export function metadataQuestion(
  labels: readonly Label[],
  words: readonly string[],
): MetadataQuestion | undefined {
  if (labels.length + words.length === 0) return undefined;
  const signature = new Uint32Array(SIGNATURE_WORDS);
  const texts = [...labels.map(({ key, value }) => `${key}=${value ?? ''}`.toLowerCase()), ...words];
  for (const bytes of texts.map(bytesOf)) sign(bytes, 0, bytes.length, signature, 0);
  const masks = Array.from(signature, (bits, word) => ({ word, bits }))
    .filter(({ bits }) => bits !== 0)
    .sort((a, b) => bitsIn(b.bits) - bitsIn(a.bits));
  return {
    exact: labels.map(asEntry),
    words: words.map((text) => {
      const bytes = bytesOf(text);
      return { text, bytes, isAscii: isAscii(bytes, 0, bytes.length) };
    }),
    maskWords: Uint32Array.from(masks, ({ word }) => word),
    maskBits: Uint32Array.from(masks, ({ bits }) => bits),
  };
}

function bitsIn(word: number): number {
  return word.toString(2).replaceAll('0', '').length;
}

/** As it stands among the entries; of a key alone, what each entry with it begins with. */
function asEntry({ key, value }: Label): Uint8Array {
  const text = bytesOf(`${key}=${value ?? ''}`);
  const end = value === undefined ? [] : [SEPARATOR];
  return Uint8Array.from([SEPARATOR, ...text, ...end]);
}

/** What every entry with this key begins with. */
export function labelNeedle(key: string): Uint8Array {
  return asEntry({ key, value: undefined });
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if ((bytes[at] as number) >= 0x80) return false;
  return true;
}

/** Where a needle begins between two places, or -1. @param fold lower-case letters of the needle match capital ones */
export function indexOf(
  bytes: Uint8Array,
  from: number,
  to: number,
  needle: Uint8Array,
  fold: boolean,
): number {
  const [first] = needle;
  if (first === undefined) return from;
  const last = to - needle.length;
  for (let at = from; at <= last; at += 1) {
    const byte = bytes[at] as number;
    if (byte !== first && !(fold && lower(byte) === first)) continue;
    let length = 1;
    while (length < needle.length && same(bytes[at + length] as number, needle[length] as number, fold))
      length += 1;
    if (length === needle.length) return at;
  }
  return -1;
}

function same(byte: number, wanted: number, fold: boolean): boolean {
  return byte === wanted || (fold && lower(byte) === wanted);
}

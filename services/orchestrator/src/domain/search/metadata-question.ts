import type { Label } from './metadata-text';
import { lower, SEPARATOR, Signature, SIGNATURE_BITS } from './signature';

/** What is asked of metadata as bytes. */
export interface MetadataQuestion {
  /** Each must be found as it is. */
  exact: readonly Uint8Array[];
  /** Each must be found in upper or lower case. */
  words: readonly { text: string; bytes: Uint8Array; isAscii: boolean }[];
  /** That the signature of a block must have. */
  bits: Uint16Array;
}

/** @returns undefined where nothing is asked */
export function metadataQuestion(
  labels: readonly Label[],
  words: readonly string[],
): MetadataQuestion | undefined {
  if (labels.length + words.length === 0) return undefined;
  const texts = [...labels.map(({ key, value }) => `${key}=${value ?? ''}`.toLowerCase()), ...words];
  const exact = labels.map(asEntry);
  const signature = new Signature();
  for (const bytes of exact) signature.addEntries(bytes, 0, bytes.length);
  for (const bytes of texts.map(bytesOf)) signature.addText(bytes, 0, bytes.length);
  const bits = new Uint16Array(SIGNATURE_BITS);
  return {
    exact,
    words: words.map((text) => {
      const bytes = bytesOf(text);
      return { text, bytes, isAscii: isAscii(bytes, 0, bytes.length) };
    }),
    bits: bits.slice(0, signature.list(bits)),
  };
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

/** Where a needle begins between two places, or -1. */
export function indexOf(bytes: Uint8Array, from: number, to: number, needle: Uint8Array): number {
  const [first] = needle;
  if (first === undefined) return from;
  const last = to - needle.length;
  for (let at = from; at <= last; at += 1) {
    if (bytes[at] !== first) continue;
    let length = 1;
    while (length < needle.length && bytes[at + length] === needle[length]) length += 1;
    if (length === needle.length) return at;
  }
  return -1;
}

/** Whether a needle in lower case is between two places, in upper or lower case. */
export function hasFolded(bytes: Uint8Array, from: number, to: number, needle: Uint8Array): boolean {
  const [first] = needle;
  if (first === undefined) return true;
  const capital = first >= 97 && first <= 122 ? first - 32 : first;
  const last = to - needle.length;
  for (let at = from; at <= last; at += 1) {
    const byte = bytes[at] as number;
    if (byte !== first && byte !== capital) continue;
    let length = 1;
    while (length < needle.length && lower(bytes[at + length] as number) === needle[length]) length += 1;
    if (length === needle.length) return true;
  }
  return false;
}

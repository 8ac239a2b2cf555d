import type { Scalar } from '@multiswarm/contracts';

/** An entry of metadata that is asked for; without a value, the key alone is. */
export interface Label {
  key: string;
  value: string | undefined;
}

type Metadata = Readonly<Record<string, Scalar>>;

/** Whether metadata has an entry. Numbers and flags are compared as they are written. */
export function hasLabel(metadata: Metadata, { key, value }: Label): boolean {
  if (!Object.hasOwn(metadata, key)) return false;
  return value === undefined || textOf(metadata[key]) === value;
}

/** @param word in lower case; it may be anywhere in `key=value` of an entry */
export function hasWord(metadata: Metadata, word: string): boolean {
  for (const key in metadata) if (textOf(`${key}=${metadata[key]}`).toLowerCase().includes(word)) return true;
  return false;
}

/** The value of an entry as a group: undefined where there is none. */
export function labelValue(metadata: Metadata, key: string): string | undefined {
  return Object.hasOwn(metadata, key) ? textOf(metadata[key]) : undefined;
}

/** Through UTF-8 and back, as the index has it: half of a surrogate pair is no character. */
function textOf(value: Scalar | undefined): string {
  return Buffer.from(String(value)).toString();
}

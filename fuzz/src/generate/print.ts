import fc from 'fast-check';

/** A piece of JSON text that no value of JavaScript prints as, or that would be too long to show. */
export class Raw {
  constructor(
    readonly label: string,
    readonly text: () => string,
  ) {}

  [fc.toStringMethod](): string {
    return `⟨${this.label}⟩`;
  }
}

/** The JSON text of a value, with what is `Raw` as it is. */
export function print(value: unknown): string {
  if (value instanceof Raw) return value.text();
  if (Array.isArray(value)) return `[${value.map(print).join(',')}]`;
  if (value === undefined) return 'null';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}:${print(inner)}`)
    .join(',')}}`;
}

/**
 * What a variable becomes: known only while the run goes on. Agents find it in their input under `key`, and what they
 * are given still says `{{key}}`.
 */
export interface Ref {
  key: string;
  /** JSON path; undefined where there is none that leads to exactly this. */
  path: string | undefined;
  /** CEL of its value; undefined where there is none. */
  cel: string | undefined;
  /** Its value in the file, which a run may be given another one for. */
  inFile?: string | undefined;
  /** How a run inside gets to know it, where that is not by `path`: something else is handed over, and the value made of that. */
  via?: { key: string; path: string; cel: (handedOver: string) => string };
}

/** Text with variables in it. */
export type Text = readonly (string | Ref)[];

const TAG = /\{\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\}/g;

/** Splits text at its tags. @param resolve what stands in place of a tag, by what is between the braces */
export function parseText(given: string, resolve: (tag: string) => Text): Text {
  const parts: (string | Ref)[] = [];
  let at = 0;
  for (const match of given.matchAll(TAG)) {
    parts.push(given.slice(at, match.index), ...resolve((match[1] ?? '').trim()));
    at = match.index + match[0].length;
  }
  return joined([...parts, given.slice(at)]);
}

/** Neighbouring literals as one. */
export function joined(parts: Text): Text {
  const out: (string | Ref)[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (typeof part === 'string' && typeof last === 'string') out[out.length - 1] = last + part;
    else if (part !== '') out.push(part);
  }
  return out;
}

/** Its text where no variable is in it. */
export function literalOf(text: Text): string | undefined {
  if (text.length === 0) return '';
  const [only] = text;
  return text.length === 1 && typeof only === 'string' ? only : undefined;
}

/** The variable that is all of it. */
export function onlyRef(text: Text): Ref | undefined {
  const [only] = text;
  return text.length === 1 && typeof only === 'object' ? only : undefined;
}

/** As it is given to an agent. */
export function shown(text: Text): string {
  return text.map((part) => (typeof part === 'string' ? part : `{{${part.key}}}`)).join('');
}

/** A member of a JSON path, or of CEL. */
export function member(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `.${name}` : `['${name.replace(/[\\']/g, '\\$&')}']`;
}

/** A literal of CEL. */
export function celText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}'`;
}

import { parseDocument, parseJson } from '../documents/parse';
import { readText } from '../documents/read-text';
import { EXIT, Fault, usageFault } from '../faults';
import type { Io } from '../io';

/** A value that is given either as JSON or as text. */
export interface ValueOption {
  /** The option that takes JSON, such as `--input`. */
  option: string;
  json: string | undefined;
  text: string | undefined;
}

/**
 * JSON as it stands, `@file` (JSON; YAML by the name of the file), or `-` for standard input; or text, from the same places.
 * What is not JSON is never taken for text unasked: whoever mistypes a file would send its text as the value.
 * @returns undefined where neither is given
 */
export async function readValue({ option, json, text }: ValueOption, io: Io): Promise<unknown> {
  if (json !== undefined && text !== undefined)
    throw usageFault(`${option} and ${option}-text: give one of them`);
  if (text !== undefined) return isElsewhere(text) ? readText(nameIn(text), io) : text;
  return json === undefined ? undefined : readJson(option, json, io);
}

async function readJson(option: string, given: string, io: Io): Promise<unknown> {
  if (isElsewhere(given)) {
    const name = nameIn(given);
    const content = await readText(name, io);
    if (/\.ya?ml$/i.test(name)) return parseDocument(name, content).value;
    return parseJson(
      name,
      content,
      `to send it as text, give ${option}-text ${given}; YAML is read from .yaml files`,
    );
  }
  try {
    return JSON.parse(given);
  } catch (error) {
    throw new Fault(
      `${option} is not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
      {
        code: 'invalid-json',
        exit: EXIT.usage,
        hint: `write it like '{"name":"value"}', or @file.json, or - for standard input; text goes with ${option}-text`,
      },
    );
  }
}

function isElsewhere(given: string): boolean {
  return given === '-' || given.startsWith('@');
}

function nameIn(given: string): string {
  return given === '-' ? '-' : given.slice(1);
}

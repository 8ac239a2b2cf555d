import { parseDocument } from '../documents/parse';
import { readText } from '../documents/read-text';
import { EXIT, Fault } from '../faults';
import type { Io } from '../io';

/** An option that takes JSON: JSON as it stands, `@file` (JSON or YAML), or `-` for standard input. */
export async function readInput(given: string, io: Io, option = '--input'): Promise<unknown> {
  if (given === '-') return parseDocument('-', await readText('-', io)).value;
  if (given.startsWith('@')) return parseDocument(given.slice(1), await readText(given.slice(1), io)).value;
  try {
    return JSON.parse(given);
  } catch (error) {
    throw new Fault(
      `${option} is not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
      {
        code: 'invalid-json',
        exit: EXIT.usage,
        hint: 'write it like \'{"name":"value"}\', or @file.json, or - for standard input',
      },
    );
  }
}

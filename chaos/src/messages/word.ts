import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What all processes of a run are told, those that are started later too: `quiet`, nothing new is sent; `healed`, nothing fails any more. */
export type Word = 'quiet' | 'healed';

export function say(directory: string, word: Word): void {
  writeFileSync(join(directory, word), '');
}

export function isSaid(directory: string, word: Word): boolean {
  return existsSync(join(directory, word));
}

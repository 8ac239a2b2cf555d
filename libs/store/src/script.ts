import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** One Lua script: one atomic transition. The head of its file documents KEYS, ARGV and result. */
export interface Script {
  name: string;
  source: string;
  sha: string;
}

/** Reads a `.lua` file; throws when it is missing, which is a broken installation. */
export function loadScript(path: string): Script {
  const source = readFileSync(path, 'utf8');
  return { name: path, source, sha: createHash('sha1').update(source).digest('hex') };
}

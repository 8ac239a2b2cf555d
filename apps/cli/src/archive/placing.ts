import { randomUUID } from 'node:crypto';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { codeOf } from '../error-code';

/** Gives what was written under a temporary name its own. */
export type Place = (temporary: string, path: string) => Promise<void>;

/** No other process has the same, and nobody takes it for an archive. */
export function temporaryName(path: string): string {
  return `${path}.${randomUUID().slice(0, 8)}.tmp`;
}

/** @throws with the code EEXIST where there is something already, which is not touched */
export async function placeNew(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error;
    // What is cut off in between leaves an empty file, over which everybody passes.
    await (await open(path, 'wx')).close();
    return rename(temporary, path);
  }
  await rm(temporary);
}

/** What file systems say that have no second name for a file, such as FAT and some that are far away. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Whether it is a file in which nothing stands; one that cannot be asked is taken for one with something. */
export async function isEmpty(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.isFile() && found.size === 0;
}

import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { LIMITS } from '@multiswarm/contracts';
import { codeOf } from '../error-code';
import { documentFault, EXIT, Fault } from '../faults';
import type { Io } from '../io';

/** More than any request may carry, because a file may be a format that becomes smaller when it is imported. */
export const DOCUMENT_BYTES = LIMITS.HTTP_BATCH_BODY_BYTES;

/** The text of a file, or of standard input for `-`; without the byte order mark that some editors write. */
export async function readText(name: string, io: Io): Promise<string> {
  const bytes = name === '-' ? await readStdin(io) : await readNamed(name, io.cwd);
  if (bytes.length > DOCUMENT_BYTES) throw tooLarge(name);
  return decode(name, bytes).replace(/^\uFEFF/, '');
}

async function readNamed(name: string, cwd: string): Promise<Buffer> {
  try {
    return await readFile(isAbsolute(name) ? name : join(cwd, name));
  } catch (error) {
    throw new Fault(`cannot read ${name}: ${REASONS[codeOf(error) ?? ''] ?? String(error)}`, {
      code: 'unreadable',
      exit: EXIT.usage,
      cause: error,
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
};

async function readStdin(io: Io): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of io.stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > DOCUMENT_BYTES) throw tooLarge('-');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string): Fault {
  const message = `larger than ${DOCUMENT_BYTES / 1024 / 1024} MiB`;
  return documentFault(
    `${nameOf(name)} is too large`,
    [{ pointer: '', code: 'body-too-large', message }],
    'body-too-large',
  );
}

function decode(name: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw documentFault(`${nameOf(name)} is not UTF-8 text`, [], 'invalid-json');
  }
}

export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

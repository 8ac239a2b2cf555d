import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * What senders and recipients note down. A sender: that it begins to send a message, that it was told that the message is accepted, that it
 * was refused. A recipient: that it has handled one, just before that is acknowledged.
 */
const Line = z.object({
  kind: z.enum(['begun', 'accepted', 'refused', 'done']),
  lane: z.string(),
  n: z.number(),
  /** Microseconds of the monotonic clock of the machine, which all processes share. */
  at: z.number(),
  why: z.string().optional(),
});
export type BookLine = z.infer<typeof Line>;

const SUFFIX = '.letters.jsonl';

/** An append-only file for each process. Each line is written at once, before anything else happens, so that it is there even where the process is killed. */
export class Book {
  private readonly file: number;

  constructor(directory: string, name: string) {
    this.file = openSync(join(directory, `${name}.${process.pid}${SUFFIX}`), 'a');
  }

  write(line: Omit<BookLine, 'at'>): void {
    const at = Number(process.hrtime.bigint() / 1_000n);
    writeSync(this.file, `${JSON.stringify({ ...line, at })}\n`);
  }
}

/** Of all processes whose names begin so, in the order in which they were written. A last line without its end is one that the process died in. */
export function readBooks(directory: string, name = ''): BookLine[] {
  return readdirSync(directory)
    .filter((file) => file.startsWith(name) && file.endsWith(SUFFIX))
    .flatMap((file) => readFileSync(join(directory, file), 'utf8').split('\n').slice(0, -1))
    .map((line) => Line.parse(JSON.parse(line)))
    .sort((a, b) => a.at - b.at);
}

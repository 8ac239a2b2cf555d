import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What a swarm notes of a message to another one: that it went, that it could not go, that it came. */
const Line = z.object({
  kind: z.enum(['sent', 'unsent', 'heard']),
  token: z.string(),
  /** Who notes it. */
  swarmId: z.string(),
  to: z.string(),
  /** It was sent when nothing was disturbed any more. */
  calm: z.boolean(),
  /** Why it could not go. */
  why: z.string().optional(),
});
export type MailLine = z.infer<typeof Line>;

const SUFFIX = '.mail';

/** An append-only file for each swarm process. */
export class MailBook {
  private readonly file: number;

  constructor(directory: string, name: string) {
    this.file = openSync(join(directory, `${name}.${process.pid}${SUFFIX}`), 'a');
  }

  write(line: MailLine): void {
    writeSync(this.file, `${JSON.stringify(line)}\n`);
  }
}

/** Of all processes. A last line without its end is one that the process died in. */
export function readMail(directory: string): MailLine[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(SUFFIX))
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1))
    .map((line) => Line.parse(JSON.parse(line)));
}

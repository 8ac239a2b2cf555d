import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What an agent did, in its own words, beside the system: `start`, then `end` with its effect, `fail` or `abort`. */
const Line = z.object({
  kind: z.enum(['start', 'end', 'fail', 'abort']),
  at: z.number(),
  taskId: z.string(),
  attempt: z.number(),
  swarmId: z.string(),
  /** New for each execution; the output carries that of the execution whose result it is. */
  token: z.string(),
});
export type JournalLine = z.infer<typeof Line>;

/**
 * An append-only file for each swarm process. Each line is written at once, with one call, before anything else happens: it is
 * there even if the process is killed right afterwards.
 */
export class Journal {
  private readonly file: number;

  constructor(directory: string, name: string) {
    this.file = openSync(join(directory, `${name}.${process.pid}.jsonl`), 'a');
  }

  write(line: JournalLine): void {
    writeSync(this.file, `${JSON.stringify(line)}\n`);
  }
}

/** One execution of an attempt by an agent. */
export interface Execution {
  readonly taskId: string;
  readonly attempt: number;
  readonly swarmId: string;
  readonly token: string;
  readonly startedAt: number;
  /** Undefined where the process died under it. */
  readonly ended?: { readonly at: number; readonly how: 'end' | 'fail' | 'abort' };
}

/** All executions of all processes, in the order of their starts. */
export function readJournals(directory: string): Execution[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
  const lines = files.flatMap((name) => parseJournal(readFileSync(join(directory, name), 'utf8')));
  return executionsOf(lines);
}

/** A last line without its end is one that the process died in. */
function parseJournal(text: string): JournalLine[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Line.parse(JSON.parse(line)));
}

export function executionsOf(lines: readonly JournalLine[]): Execution[] {
  const ends = new Map(lines.filter(({ kind }) => kind !== 'start').map((line) => [line.token, line]));
  return lines
    .filter(({ kind }) => kind === 'start')
    .map(({ taskId, attempt, swarmId, token, at }) => {
      const end = ends.get(token);
      const execution = { taskId, attempt, swarmId, token, startedAt: at };
      if (!end || end.kind === 'start') return execution;
      return { ...execution, ended: { at: end.at, how: end.kind } };
    })
    .sort((a, b) => a.startedAt - b.startedAt);
}

import { open, rename, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import type { ShardExportPart } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { ShardFileWriter } from '../../documents/shard-file';
import { EXIT, Fault, usageFault } from '../../faults';
import { integerOption } from '../../options/repeatable';

interface Options {
  file: string;
}

/** An export whose shard changes hands begins anew, so often at most. */
const TRIES = 3;

export const command: CommandDefinition<Options> = {
  description:
    'Writes all that a shard has into a file of JSON lines, as it is after one commit, while it is served. The file appears when it is whole.',
  examples: [{ command: 'swarmctl shard export 3 --file shard-3.jsonl', does: 'a copy of shard 3' }],
  configure(command: Command) {
    command.requiredOption('--file <path>', 'where to');
  },
  run: exportShard,
};

async function exportShard({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const shard = integerOption('<shard>', 0, 9_999)(args[0] ?? '');
  if (options.file === '') throw usageFault('--file is empty');
  const path = isAbsolute(options.file) ? options.file : join(io.cwd, options.file);
  const api = new HttpApi(global.url);
  for (let tries = 1; ; tries += 1) {
    try {
      const lines = await write(api, shard, `${path}.part`);
      await rename(`${path}.part`, path);
      io.stderr.write(`${lines} lines in ${path}\n`);
      return EXIT.ok;
    } catch (error) {
      await rm(`${path}.part`, { force: true });
      if (tries === TRIES || !(error instanceof Fault) || error.code !== 'copy-not-found') throw error;
    }
  }
}

async function write(api: HttpApi, shard: number, path: string): Promise<number> {
  const writer = new ShardFileWriter();
  const file = await open(path, 'w');
  let lines = 0;
  try {
    let run: string | undefined;
    for (let seq = 0; ; seq += 1) {
      const part = await api.post<ShardExportPart>(paths.shardExport(shard), { run, seq });
      run = part.run;
      lines += part.lines.length;
      await file.write(part.lines.map((line) => writer.line(line)).join(''));
      if (part.done) break;
    }
    await file.write(writer.end());
    await file.sync();
    return lines;
  } finally {
    await file.close();
  }
}

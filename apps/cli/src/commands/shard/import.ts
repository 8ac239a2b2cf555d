import { isAbsolute, join } from 'node:path';
import type { Command } from 'commander';
import { delay } from '@multiswarm/core';
import type { JsonValue, ShardImportReply } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { checkedHead, copyLines } from '../../documents/shard-file';
import { EXIT, Fault } from '../../faults';
import type { Io } from '../../io';
import { confirm } from '../../options/confirm';
import { userIn } from '../../options/user';

interface Options {
  file: string;
  replace?: boolean;
  reason?: string;
  requestedBy?: string;
}

/** Bytes and lines of one part: the server takes 4 MiB, and passes them on over NATS. */
const PART = { bytes: 300 * 1024, lines: 1_000 };
const AGAIN_MS = 200;
/** The owner gives the shard up and takes it anew: lease, deletion of what is there. */
const READY_MS = 60_000;

export const command: CommandDefinition<Options> = {
  description:
    'Makes a shard of a file that "swarmctl shard export" has written. All of the file is checked first; the shard has to be empty, serves nobody meanwhile, and is empty again where anything ' +
    'goes wrong. What ran when the copy was made is tried again.',
  examples: [
    {
      command: 'swarmctl shard import --file shard-3.jsonl',
      does: 'into the shard that it is of, if that is empty',
    },
    {
      command: 'swarmctl shard import --file shard-3.jsonl --replace --yes',
      does: 'in place of what is there',
    },
  ],
  configure(command: Command) {
    command
      .requiredOption('--file <path>', 'where from')
      .option('--replace', 'delete what the shard has; asks first')
      .option('--reason <text>', 'kept in the log of the orchestrator')
      .option('--requested-by <name>', 'who asks, kept in the log (default: the name of the user)');
  },
  run: importShard,
};

async function importShard({ options, global, io }: Invocation<Options>): Promise<number> {
  const path = isAbsolute(options.file) ? options.file : join(io.cwd, options.file);
  const head = await checkedHead(path);
  const { replace = false, reason, requestedBy = userIn(io.env) } = options;
  if (replace && !(await confirm(`delete all that shard ${head.shard} has`, global, io))) return EXIT.ok;
  const target = new Target(new HttpApi(global.url), head.shard, io);
  const parts = partsOf(path);
  const first = await parts.next();
  await target.begin(first.value ?? [], { replace, reason, requestedBy });
  for await (const lines of parts) await target.give(lines);
  const { tasks, runs } = target.last;
  io.stderr.write(`shard ${head.shard} has ${tasks} tasks and ${runs} workflows of ${path}\n`);
  return EXIT.ok;
}

/** The head alone first. */
async function* partsOf(path: string): AsyncGenerator<JsonValue[], undefined> {
  let part: JsonValue[] = [];
  let bytes = 0;
  let isHead = true;
  for await (const line of copyLines(path)) {
    if (isHead) {
      yield [line];
      isHead = false;
      continue;
    }
    const size = Buffer.byteLength(JSON.stringify(line));
    if (part.length > 0 && (bytes + size > PART.bytes || part.length === PART.lines)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(line);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

/** The shard into which it goes. */
class Target {
  last: ShardImportReply = { run: '', state: 'preparing', seq: 0, tasks: 0, runs: 0 };

  constructor(
    private readonly api: HttpApi,
    private readonly shard: number,
    private readonly io: Io,
  ) {}

  async begin(lines: JsonValue[], given: object): Promise<void> {
    const { clock } = this.io;
    const until = clock.monotonic() + READY_MS;
    this.last = await this.ask({ lines, ...given });
    while (this.last.state === 'preparing') {
      if (clock.monotonic() > until)
        throw new Fault(`shard ${this.shard} is not taken anew`, {
          ...{ code: 'shard-unavailable', exit: EXIT.unavailable },
          hint: 'see the logs of the orchestrators; an import that nobody goes on with is given up by itself',
        });
      await delay(clock, AGAIN_MS);
      this.last = await this.ask({ run: this.last.run, lines });
    }
  }

  async give(lines: JsonValue[]): Promise<void> {
    const { run, seq } = this.last;
    this.last = await this.ask({ run, seq, lines });
  }

  /** While the shard changes hands nobody answers for it. Repeating is safe. */
  private async ask(body: object): Promise<ShardImportReply> {
    const { clock } = this.io;
    for (const until = clock.monotonic() + READY_MS; ;) {
      try {
        return await this.api.post<ShardImportReply>(paths.shardImport(this.shard), body);
      } catch (error) {
        const isAway = error instanceof Fault && error.exit === EXIT.unavailable;
        if (!isAway || clock.monotonic() > until) throw error;
        await delay(clock, AGAIN_MS);
      }
    }
  }
}

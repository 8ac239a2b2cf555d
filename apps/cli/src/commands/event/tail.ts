import type { Command } from 'commander';
import { EventFilter, isObject, isWanted, parseOrThrow, type Event } from '@multiswarm/contracts';
import { systemClock } from '@multiswarm/core';
import { followEvents } from '../../api/follow-events';
import { HttpApi, type Query } from '../../api/http-api';
import type { ServerSentEvent } from '../../api/server-sent-events';
import { openArchives, readArchives, type ArchiveSource } from '../../archive/read';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { archiveOptions } from '../../options/archive';
import { pastMomentOption } from '../../options/moment';
import { collect, integerOption } from '../../options/repeatable';
import { paint } from '../../output/paint';
import { eventLine } from '../../views/event';

interface Options extends ArchiveSource {
  grep?: string;
  root?: string;
  type?: string[];
  state?: string[];
  namespace?: string[];
  swarm?: string[];
  region?: string[];
  shard?: number;
  from?: string;
  to?: string;
  since?: string;
}

const EPOCH = '1970-01-01T00:00:00Z';

export const command: CommandDefinition<Options> = {
  description:
    'Prints events as they happen, until Ctrl-C (or for as long as --timeout says). A broken connection is taken up again where it ' +
    'ended; what could not be replayed is reported as a gap. With -o jsonl each line is one event with its id, for --since.',
  examples: [
    { command: 'swarmctl event tail', does: 'everything' },
    {
      command: `swarmctl event tail --root w3-0198c2d4e5f60718293a4b5c6d --type 'task.*'`,
      does: 'the steps of one workflow',
    },
    {
      command: 'swarmctl event tail --from 10m --state failed,expired',
      does: 'what failed in the last ten minutes, and what fails',
    },
    {
      command: 'swarmctl event tail --archive archives/ --grep "out of memory"',
      does: 'what archives have with this text in it',
    },
    {
      command: 'swarmctl event tail --since 4711 -o jsonl',
      does: 'everything after an event seen before, for programs',
    },
  ],
  configure(command: Command) {
    const past = (name: string) => pastMomentOption(name, () => systemClock.now());
    archiveOptions(command)
      .option('--root <id>', 'only this task or workflow')
      .option('--type <type>', 'only this type, or a prefix such as task.*; may be repeated', collect)
      .option('--state <state>', 'only what comes into this state; may be repeated', collect)
      .option('--namespace <name>', 'only of this tenant; may be repeated', collect)
      .option('--swarm <id>', 'only of attempts on this swarm; may be repeated', collect)
      .option('--region <name>', 'only of attempts in this region; may be repeated', collect)
      .option('--shard <n>', 'only of this shard', integerOption('--shard', 0, 9_999))
      .option('--from <when>', 'begin with what happened then: an instant, or so long ago', past('--from'))
      .option('--to <when>', 'end with what happened before then', past('--to'))
      .option('--grep <text>', 'only events with this text in them, whatever its case')
      .option('--since <id>', 'replay what came after the event with this id');
  },
  run: tail,
};

async function tail({ options, global, io }: Invocation<Options>): Promise<number> {
  const over = new AbortController();
  const stopListening = io.onInterrupt(() => over.abort());
  const cancelTimeout =
    global.timeoutMs === undefined ? undefined : io.clock.after(global.timeoutMs, () => over.abort());
  try {
    await new Tail({ options, global, io, args: [] }, over.signal).run();
  } finally {
    stopListening();
    cancelTimeout?.();
  }
  return EXIT.ok;
}

/** Events on stdout; gaps, and connections that broke, on stderr. */
class Tail {
  constructor(
    private readonly invocation: Invocation<Options>,
    private readonly signal: AbortSignal,
  ) {}

  async run(): Promise<void> {
    const { global, io, options } = this.invocation;
    const { since, archive, partial: _, grep: __, ...query } = options;
    if (archive) return this.read(query);
    const stream = followEvents(new HttpApi(global.url), io.clock, {
      query: asQuery(query),
      after: since,
      signal: this.signal,
      onBroken: (after) =>
        io.stderr.write(`the stream broke; going on${after === undefined ? '' : ` after ${after}`}\n`),
    });
    for await (const message of stream) this.print(message);
  }

  /** Out of archives: all that is there. */
  private async read({
    from,
    to,
    ...given
  }: Omit<Options, 'since' | 'archive' | 'partial' | 'grep'>): Promise<void> {
    const filter = parseOrThrow(EventFilter, given);
    const { files, options } = await openArchives(this.invocation.options, this.invocation.io);
    const [since, until] = [Date.parse(from ?? EPOCH), to === undefined ? Infinity : Date.parse(to)];
    for await (const line of readArchives(files, options)) {
      if (this.signal.aborted) return;
      if (line.kind === 'gap') this.say(`gap: ${line.gap.detail}`);
      else if (line.event.at >= since && line.event.at < until && isWanted(line.event, filter))
        this.show(line.event, line.id);
    }
  }

  private say(text: string): void {
    this.invocation.io.stderr.write(`${text}\n`);
  }

  private print({ id, event: kind, data }: ServerSentEvent): void {
    if (kind === 'end') return;
    if (kind === 'gap') this.say(`gap: ${gapText(data)}`);
    // The server's own contract, passed on as it came.
    else this.show(JSON.parse(data) as Event, id);
  }

  private show(event: Event, id: string | undefined): void {
    const { global, io, options } = this.invocation;
    const { grep } = options;
    if (grep !== undefined && !JSON.stringify(event).toLowerCase().includes(grep.toLowerCase())) return;
    if (global.format === 'table' || global.format === 'wide')
      io.stdout.write(`${eventLine(event, paint(io.stdout, io.env))}\n`);
    else if (global.format === 'name') io.stdout.write(`${event.root}/${event.seq}\n`);
    else io.stdout.write(`${JSON.stringify({ ...(id === undefined ? {} : { id }), ...event })}\n`);
  }
}

/** A server of another version may say it in other words. */
function gapText(data: string): string {
  const gap: unknown = JSON.parse(data);
  return isObject(gap) && typeof gap['detail'] === 'string'
    ? gap['detail']
    : `events were lost here: ${data}`;
}

function asQuery({ to, ...filter }: Omit<Options, 'since' | 'archive' | 'partial' | 'grep'>): Query {
  const entries = Object.entries(filter).map(([name, value]) => [name, [value].flat().join(',')]);
  return { ...(Object.fromEntries(entries) as Record<string, string>), to };
}

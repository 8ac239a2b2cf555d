import type { Command } from 'commander';
import { isObject, type Event } from '@multiswarm/contracts';
import { systemClock } from '@multiswarm/core';
import { followEvents } from '../../api/follow-events';
import { HttpApi, type Query } from '../../api/http-api';
import type { ServerSentEvent } from '../../api/server-sent-events';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { pastMomentOption } from '../../options/moment';
import { collect, integerOption } from '../../options/repeatable';
import { paint } from '../../output/paint';
import { eventLine } from '../../views/event';

interface Options {
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
      command: 'swarmctl event tail --since 4711 -o jsonl',
      does: 'everything after an event seen before, for programs',
    },
  ],
  configure(command: Command) {
    const past = (name: string) => pastMomentOption(name, () => systemClock.now());
    command
      .option('--root <id>', 'only this task or workflow')
      .option('--type <type>', 'only this type, or a prefix such as task.*; may be repeated', collect)
      .option('--state <state>', 'only what comes into this state; may be repeated', collect)
      .option('--namespace <name>', 'only of this tenant; may be repeated', collect)
      .option('--swarm <id>', 'only of attempts on this swarm; may be repeated', collect)
      .option('--region <name>', 'only of attempts in this region; may be repeated', collect)
      .option('--shard <n>', 'only of this shard', integerOption('--shard', 0, 9_999))
      .option('--from <when>', 'begin with what happened then: an instant, or so long ago', past('--from'))
      .option('--to <when>', 'end with what happened before then', past('--to'))
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
    const { since, ...query } = options;
    const stream = followEvents(new HttpApi(global.url), io.clock, {
      query: asQuery(query),
      after: since,
      signal: this.signal,
      onBroken: (after) =>
        io.stderr.write(`the stream broke; going on${after === undefined ? '' : ` after ${after}`}\n`),
    });
    for await (const message of stream) this.print(message);
  }

  private print({ id, event: kind, data }: ServerSentEvent): void {
    const { global, io } = this.invocation;
    if (kind === 'end') return;
    if (kind === 'gap') {
      io.stderr.write(`gap: ${gapText(data)}\n`);
      return;
    }
    // The server's own contract, passed on as it came.
    const event = JSON.parse(data) as Event;
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

function asQuery({ to, ...filter }: Omit<Options, 'since'>): Query {
  const entries = Object.entries(filter).map(([name, value]) => [name, [value].flat().join(',')]);
  return { ...(Object.fromEntries(entries) as Record<string, string>), to };
}

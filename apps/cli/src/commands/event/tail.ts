import type { Command } from 'commander';
import type { Event } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import { isPassing, PATIENCE_MS } from '../../api/await-end';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { ServerSentEvent } from '../../api/server-sent-events';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, Fault } from '../../faults';
import { paint } from '../../output/paint';
import { eventLine } from '../../views/event';

interface Options {
  root?: string;
  type?: string;
  since?: string;
}

const RECONNECT_MS = 500;

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
      command: 'swarmctl event tail --since 4711 -o jsonl',
      does: 'everything after an event seen before, for programs',
    },
  ],
  configure(command: Command) {
    command
      .option('--root <id>', 'only this task or workflow')
      .option('--type <type>', 'only this type, or a prefix such as task.*')
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

class Tail {
  private readonly api: HttpApi;
  private lastId: string | undefined;
  private lastSeen: number;

  constructor(
    private readonly invocation: Invocation<Options>,
    private readonly signal: AbortSignal,
  ) {
    this.api = new HttpApi(invocation.global.url);
    this.lastId = invocation.options.since;
    this.lastSeen = invocation.io.clock.monotonic();
  }

  async run(): Promise<void> {
    const { io } = this.invocation;
    while (!this.signal.aborted) {
      try {
        await this.followOnce();
      } catch (error) {
        if (this.mustGiveUp(error)) throw error;
        this.sayBroken();
      }
      await delay(io.clock, RECONNECT_MS, this.signal).catch(() => undefined);
    }
  }

  private sayBroken(): void {
    if (this.signal.aborted) return;
    const where = this.lastId === undefined ? '' : ` after ${this.lastId}`;
    this.invocation.io.stderr.write(`the stream broke; going on${where}\n`);
  }

  /** A connection that broke is worth another try; a refusal is not, nor is a minute without anybody there. */
  private mustGiveUp(error: unknown): boolean {
    if (this.signal.aborted) return false;
    const refused = error instanceof Fault && !isPassing(error);
    return refused || this.invocation.io.clock.monotonic() - this.lastSeen > PATIENCE_MS;
  }

  private async followOnce(): Promise<void> {
    const { root, type } = this.invocation.options;
    const messages = await this.api.events(paths.events, { root, type }, this.lastId, this.signal);
    for await (const message of messages) {
      this.lastSeen = this.invocation.io.clock.monotonic();
      this.lastId = message.id ?? this.lastId;
      this.print(message);
    }
  }

  private print({ id, event: kind, data }: ServerSentEvent): void {
    const { global, io } = this.invocation;
    if (kind === 'gap') {
      io.stderr.write(`gap: events were lost here: ${data}\n`);
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

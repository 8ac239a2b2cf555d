/**
 * A planner, workers and a critic talk as others once did: a recorded message flow is replayed, each message with as many bytes as it had, from
 * mailbox to mailbox. Whoever gets a turn sends the next one; each turn counts once in the state of its conversation. With a system up
 * (`npm start`), in another terminal:
 *
 *   npm run example:conversation      or      npm run example:conversation -- path/to/flow.csv
 *
 * The file has lines of log, sequence, agent, role and bytes. NATS_URL says where the system is, if not on this machine.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSwarm, defineMessage, type Swarm } from '@multiswarm/sdk';
import { z } from 'zod';
import { readFlow, type Role, type Turn } from './conversation/flow';
import { addresses, runProgram } from './program';

const { servers } = addresses;
const LONGEST_MS = 120_000;
/** The observer may be a moment behind. */
const LOOKS = 100;
const LOOK_MS = 100;

const turnMessage = defineMessage({
  kind: 'turn',
  data: z.object({ turn: z.number().int(), sentAt: z.number(), text: z.string() }),
});

/** A kind of its own for what is counted: the state of a conversation belongs to the observer. */
const heardMessage = defineMessage({
  kind: 'heard',
  data: z.object({ turn: z.number().int(), bytes: z.number().int() }),
});
interface Heard {
  turns: number[];
  bytes: number;
}

const made = (name: string, region: string): Swarm =>
  createSwarm({ id: `${name}-${process.pid}`, region, slots: 1, types: ['none'], servers });

class Replay {
  readonly latencies: number[] = [];
  private readonly swarms: Record<Role, Swarm>;
  private readonly observer = made('observer', 'us-east');
  private readonly flow: ReadonlyMap<string, readonly Turn[]>;
  private left: number;
  private finish: () => void = () => undefined;

  constructor(conversations: readonly (readonly Turn[])[]) {
    this.swarms = {
      planner: made('planner', 'us-east'),
      worker: made('worker', 'eu-west'),
      critic: made('critic', 'ap-south'),
    };
    this.flow = new Map(conversations.map((turns) => [turns[0]?.conversation ?? '', turns]));
    this.left = conversations.length;
  }

  get everybody(): Swarm[] {
    return [this.observer, ...Object.values(this.swarms)];
  }

  async run(): Promise<void> {
    this.listen();
    await Promise.all(this.everybody.map((swarm) => swarm.start()));
    const finished = new Promise<void>((resolve, reject) => {
      this.finish = resolve;
      const text = (): string => `${this.left} conversations are not at their end after ${LONGEST_MS} ms`;
      setTimeout(() => reject(new Error(text())), LONGEST_MS).unref();
    });
    await Promise.all([...this.flow.values()].map((turns) => this.say(this.swarms.planner, turns[0])));
    await finished;
  }

  /** What the observer has of a conversation. */
  heard(conversation: string): Promise<Heard | undefined> {
    return this.observer.messages.state<Heard & Record<string, never>>(conversation);
  }

  private listen(): void {
    this.observer.messages.onExactlyOnce(
      heardMessage,
      (): { turns: number[]; bytes: number } => ({ turns: [], bytes: 0 }),
      ({ turns, bytes }, { data }) => ({ turns: [...turns, data.turn], bytes: bytes + data.bytes }),
    );
    for (const swarm of Object.values(this.swarms)) {
      swarm.messages.on(turnMessage, async ({ data, conversation = '' }) => {
        const turns = this.flow.get(conversation) ?? [];
        this.latencies.push(performance.now() - data.sentAt);
        await this.note(swarm, conversation, data.turn, Buffer.byteLength(data.text));
        const next = turns[data.turn + 1];
        if (next !== undefined) return this.say(swarm, next);
        this.left -= 1;
        if (this.left === 0) this.finish();
      });
    }
  }

  /** A turn goes to who has the next one; the last one to the planner. Its id follows from its place: said again, it is the same. */
  private async say(from: Swarm, turn: Turn | undefined): Promise<void> {
    if (turn === undefined) return;
    const { conversation, turn: number, bytes } = turn;
    const next = this.flow.get(conversation)?.[number + 1]?.role ?? 'planner';
    await from.messages.send({
      ...{ to: this.swarms[next].id, kind: turnMessage.kind, qos: 'at-least-once', conversation },
      id: idOf('t', conversation, number),
      data: { turn: number, sentAt: performance.now(), text: 'x'.repeat(bytes) },
    });
  }

  private async note(from: Swarm, conversation: string, turn: number, bytes: number): Promise<void> {
    await from.messages.send({
      ...{ to: this.observer.id, kind: heardMessage.kind, qos: 'exactly-once', conversation },
      id: idOf('h', conversation, turn),
      data: { turn, bytes },
    });
  }
}

function idOf(letter: string, conversation: string, turn: number): string {
  return `m-${process.pid}${letter}${conversation.replace('conversation-', '')}x${String(turn).padStart(6, '0')}`;
}

function quantile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
}

/** @throws Error where a turn is missing, came twice, or came out of order */
async function check(replay: Replay, turns: readonly Turn[]): Promise<void> {
  const conversation = turns[0]?.conversation ?? '';
  const bytes = turns.reduce((sum, turn) => sum + turn.bytes, 0);
  const isComplete = (heard: Heard | undefined): boolean =>
    heard?.bytes === bytes && heard.turns.every((turn, place) => turn === place);
  for (let tries = 0; tries < LOOKS; tries += 1) {
    if (isComplete(await replay.heard(conversation))) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`${conversation} was heard as ${JSON.stringify(await replay.heard(conversation))}`);
}

async function main(): Promise<void> {
  const path = process.argv[2] ?? join(__dirname, 'conversation', 'flow.csv');
  const conversations = readFlow(await readFile(path, 'utf8'));
  const turns = conversations.flat();
  const replay = new Replay(conversations);
  try {
    const began = performance.now();
    await replay.run();
    const seconds = (performance.now() - began) / 1_000;
    await Promise.all(conversations.map((each) => check(replay, each)));
    for (const role of ['planner', 'worker', 'critic'] as const)
      console.log(`  ${role}: ${turns.filter((turn) => turn.role === role).length} turns`);
    const sorted = replay.latencies.sort((a, b) => a - b);
    const bytes = turns.reduce((sum, turn) => sum + turn.bytes, 0);
    console.log(
      `${conversations.length} conversations, ${turns.length} turns, ${bytes} bytes in ${seconds.toFixed(1)} s`,
    );
    console.log(
      `From sender to handler: ${quantile(sorted, 0.5)} ms at p50, ${quantile(sorted, 0.99)} ms at p99`,
    );
    console.log('Each turn was heard once, in order');
  } finally {
    await Promise.all(replay.everybody.map((swarm) => swarm.stop()));
  }
}

runProgram(main);

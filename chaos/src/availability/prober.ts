import { keyedUnique } from '@multiswarm/contracts';
import { connect, type Client } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import type { Probe } from './outages';

/** A later answer counts as none. */
export const LATE_MS = 100;
const NAMESPACE = 'chaos-probes';
/** How long the first submission of each shard is repeated: it makes the task that the questions are about. */
const PATIENCE_MS = 30_000;
const TICK_MS = 5;
/** When this process itself stood still for so long, what it did not hear meanwhile is nobody else's fault. */
const STALL_MS = 40;
const INPUT = { n: 0, runMs: 0, failUntil: 0 };

export interface ProberOptions {
  readonly servers: string;
  readonly shards: number;
  /** Between two questions to the same shard. */
  readonly everyMs: number;
}

/**
 * Asks every shard in turn, through the same subject as any client, for something that its owner alone can answer and that
 * changes nothing: a submission that it has accepted before, under the same idempotency key.
 *
 * Q1. Nothing is repeated: neither the SDK nor this does. Q2. The next question does not wait for the answer to the one before.
 */
export class Prober {
  /** By shard. */
  readonly probes: readonly Probe[][];
  private readonly timer: NodeJS.Timeout;
  private readonly from = performance.now();
  private readonly under = new Set<Promise<void>>();
  private asked = 0;
  private tickedAt = this.from;
  private stalls = 0;
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly client: Client,
    private readonly keys: readonly string[],
    private readonly everyMs: number,
  ) {
    this.probes = keys.map(() => []);
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  static async start({ servers, shards, everyMs }: ProberOptions): Promise<Prober> {
    const logger = createLogger({ service: 'prober', level: 'error' });
    const keys = Array.from({ length: shards }, (_, shard) => keyOf(shard, shards));
    const patient = await connect({ servers, logger, retryForMs: PATIENCE_MS });
    try {
      await Promise.all(keys.map((key) => ask(patient, key)));
    } finally {
      await patient.close();
    }
    const client = await connect({ servers, logger, retryForMs: 0, requestTimeoutMs: LATE_MS });
    return new Prober(client, keys, everyMs);
  }

  /** Resolves when the last question has its answer. */
  stop(): Promise<void> {
    return (this.stopping ??= this.end());
  }

  private async end(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.under);
    await this.client.close();
  }

  private tick(): void {
    const now = performance.now();
    if (now - this.tickedAt > STALL_MS) {
      this.stalls += 1;
      // What was missed is not made up for.
      this.asked = this.dueAt(now) - 1;
    }
    this.tickedAt = now;
    for (; this.asked < this.dueAt(now); this.asked += 1) this.begin(this.asked % this.keys.length);
  }

  private dueAt(now: number): number {
    return Math.ceil(((now - this.from) / this.everyMs) * this.keys.length);
  }

  private begin(shard: number): void {
    const one = this.probe(shard).finally(() => this.under.delete(one));
    this.under.add(one);
  }

  private async probe(shard: number): Promise<void> {
    const [from, at, { stalls }] = [performance.now(), Date.now(), this];
    const answered = await ask(this.client, this.keys[shard] ?? '').then(
      () => true,
      () => false,
    );
    const tookMs = performance.now() - from;
    const ok = answered && tookMs <= LATE_MS;
    if (!ok && stalls !== this.stalls) return;
    this.probes[shard]?.push({ at, tookMs, ok });
  }
}

async function ask(client: Client, idempotencyKey: string): Promise<void> {
  await client.submit('short', INPUT, { namespace: NAMESPACE, idempotencyKey });
}

/** A key whose task belongs to this shard. */
function keyOf(shard: number, shards: number): string {
  for (let n = 0; ; n += 1) {
    const key = `probe-${n}`;
    if (keyedUnique('task', NAMESPACE, key).hash % shards === shard) return key;
  }
}

import type { AttemptDispatch, AttemptRef, DispatchOutcome } from '@multiswarm/contracts';
import { Batcher, delay, type Clock } from '@multiswarm/core';
import type { Regions } from '../ports';

const BATCH_ATTEMPTS = 256;
/** Estimated bytes of one message between services: well under the 1 MiB that NATS carries. */
const BATCH_BYTES = 512 * 1024;
const RETRY_MS = { first: 100, most: 1_000 };

type CancelRef = AttemptRef & { reason: string };

/**
 * Takes committed attempts to the coordinators of their regions, in batches: one leaves when the one before it came back.
 * A dispatch that gets no answer is repeated with the same attempt number (a swarm accepts one number once) until
 * `giveUpMs`; then its outcome is `unreachable`, and the owner commits the next number before anyone else may run it.
 */
export class Dispatcher {
  private readonly regions = new Map<string, Batcher<AttemptDispatch>>();

  constructor(
    private readonly shard: number,
    private readonly epoch: number,
    private readonly port: Regions,
    private readonly clock: Clock,
    private readonly giveUpMs: number,
    private readonly on: { outcomes: (outcomes: DispatchOutcome[]) => void; fault: (error: unknown) => void },
  ) {}

  send(region: string, attempt: AttemptDispatch): void {
    let batcher = this.regions.get(region);
    if (!batcher) {
      batcher = new Batcher<AttemptDispatch>(
        (attempts) => this.sendAll(region, attempts),
        BATCH_ATTEMPTS,
        (error) => this.on.fault(error),
      );
      this.regions.set(region, batcher);
    }
    batcher.add(attempt);
  }

  /** Best effort and repeated for a while: the report or the loss of the attempt ends the task in any case. */
  cancel(region: string, swarmId: string, ref: CancelRef): void {
    void this.retrying(() => this.port.cancel(region, swarmId, [ref])).catch((error: unknown) =>
      this.on.fault(error),
    );
  }

  private async sendAll(region: string, attempts: AttemptDispatch[]): Promise<void> {
    for (const part of cutByBytes(attempts)) {
      // Not awaited: a slow swarm must not hold up the attempts of the next batch; the swarm's admission bounds what is under way.
      void this.retrying(() => this.port.dispatch(region, this.shard, this.epoch, part)).then(
        this.on.outcomes,
        (error: unknown) => {
          this.on.fault(error);
          this.on.outcomes(
            part.map(({ taskId, attempt }) => ({
              taskId,
              attempt,
              outcome: 'unreachable',
              reason: `region ${region} did not answer for ${this.giveUpMs} ms`,
            })),
          );
        },
      );
    }
    await Promise.resolve();
  }

  private async retrying<T>(action: () => Promise<T>): Promise<T> {
    const deadline = this.clock.monotonic() + this.giveUpMs;
    for (let wait: number = RETRY_MS.first; ; wait = Math.min(RETRY_MS.most, wait * 2)) {
      try {
        return await action();
      } catch (error) {
        if (this.clock.monotonic() + wait > deadline) throw error;
        await delay(this.clock, wait);
      }
    }
  }
}

function cutByBytes(attempts: readonly AttemptDispatch[]): AttemptDispatch[][] {
  const parts: AttemptDispatch[][] = [];
  let bytes = Infinity;
  for (const attempt of attempts) {
    const size = JSON.stringify(attempt.input).length + 512;
    if (bytes + size > BATCH_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts[parts.length - 1]?.push(attempt);
    bytes += size;
  }
  return parts;
}

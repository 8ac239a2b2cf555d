import { join } from 'node:path';
import { MultiswarmError } from '@multiswarm/contracts';
import { deferred, type Clock, type Deferred } from '@multiswarm/core';
import { isUnknownScript, loadScript, ScriptCall, type Store } from '@multiswarm/store';
import { eventMessages, letPrintedGo } from '../../application/event-batches';
import type { Batch, CommitResult } from '../../ports';
import { encodeBatch } from './encode-batch';

const commitScript = loadScript(join(__dirname, '..', '..', '..', 'lua', 'commit.lua'));
const WAIT_FOR_REPLICAS_MS = 1_000;

interface Gathered {
  batch: Batch;
  done: Deferred<CommitResult>;
}

/**
 * Takes batches of several shards to Redis together.
 *
 * L1. What is given in one turn of the event loop leaves in one write to the socket: Redis reads it at once, and one
 *     fsync and one WAIT cover it. Who gathers until the end of the turn is called then, before the write.
 * L2. Each batch has a result or a failure of its own: it is one Lua call, atomic for itself.
 * L3. A batch counts only when as many replicas have it as are asked for. Too few: no answer; the owner tries the batch
 *     again, finds it applied, and the replicas are waited for again.
 */
export class CommitPipeline {
  private gathered: Gathered[] = [];
  private leaving: (() => void)[] = [];
  private ending = false;

  constructor(
    private readonly store: Pick<Store, 'together' | 'send' | 'guard' | 'load'>,
    private readonly commitReplicas: number,
    private readonly clock: Clock,
  ) {}

  commit(batch: Batch): Promise<CommitResult> {
    const gathered: Gathered = { batch, done: deferred() };
    this.gathered.push(gathered);
    if (this.leaving.length === 0) this.atTurnEnd(() => undefined);
    return gathered.done.promise;
  }

  atTurnEnd(leave: () => void): void {
    if (this.leaving.length === 0 && !this.ending) this.clock.soon(() => this.endTurn());
    this.leaving.push(leave);
  }

  /**
   * Who leaves may ask others to leave with it: they do when what follows from it in this turn is done, so that it goes along.
   * Who throws is a fault of this process, which is told when all others have left and what they have brought is on its way.
   */
  private endTurn(): void {
    this.ending = true;
    const faults: unknown[] = [];
    for (const leave of this.leaving.splice(0)) {
      try {
        leave();
      } catch (error) {
        faults.push(error);
      }
    }
    if (this.leaving.length > 0) void Promise.resolve().then(() => this.endTurn());
    else {
      this.ending = false;
      if (this.gathered.length > 0) this.clock.soon(() => void this.sendGathered());
    }
    if (faults.length > 0) throw faults[0];
  }

  private async sendGathered(): Promise<void> {
    const sent = this.gathered;
    this.gathered = [];
    try {
      const unknown = await this.send(sent);
      if (unknown.length === 0) return;
      await this.store.load(commitScript);
      const stillUnknown = await this.send(unknown);
      if (stillUnknown.length > 0) throw new Error('Redis forgets the script of commits at once');
    } catch (error) {
      for (const { done } of sent) done.reject(error); // those that are settled stay as they are
    }
  }

  /** @returns those that Redis did not take since it does not know the script: nothing is done of them */
  private async send(batches: readonly Gathered[]): Promise<Gathered[]> {
    const { answers, replicas } = this.store.together(() => ({
      answers: batches.map(({ batch }) => this.sendOne(batch)),
      replicas: this.replicasReached(),
    }));
    const [results, tooFew] = await Promise.all([Promise.allSettled(answers), replicas]);
    return batches.filter(({ done }, index) => {
      const result = results[index] as PromiseSettledResult<CommitResult>;
      if (result.status === 'rejected') {
        if (isUnknownScript(result.reason)) return true;
        done.reject(result.reason);
      } else if (tooFew && result.value !== 'stale')
        done.reject(tooFew); // L3
      else done.resolve(result.value);
      return false;
    });
  }

  /**
   * Encoded as late as can be: only the bytes are kept until the answer. The same batch gives the same bytes. The message for
   * the event stream is the end of them, and so need not be encoded once more.
   */
  private sendOne(batch: Batch): Promise<unknown> {
    const { keys, args } = encodeBatch(batch);
    const call = new ScriptCall(commitScript, keys, args);
    const [message, ...more] = eventMessages(batch);
    if (message && more.length === 0) message.text = call.lastArgument;
    letPrintedGo(batch);
    return this.store.send(call);
  }

  /** Why the commits that were sent just before do not count; undefined where they do. */
  private async replicasReached(): Promise<unknown> {
    if (this.commitReplicas === 0) return undefined;
    try {
      const reached = await this.store.guard((redis) =>
        redis.wait(this.commitReplicas, WAIT_FOR_REPLICAS_MS),
      );
      if (reached >= this.commitReplicas) return undefined;
      const detail = `${reached} of ${this.commitReplicas} replicas of Redis acknowledged the commit`;
      return new MultiswarmError('store-unavailable', detail);
    } catch (error) {
      return error;
    }
  }
}

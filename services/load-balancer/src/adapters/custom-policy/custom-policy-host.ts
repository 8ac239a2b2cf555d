import { resolve } from 'node:path';
import { LIMITS, type CustomPolicyStatus, type RoutingBatch } from '@multiswarm/contracts';
import { deferred, type Cancel, type Clock, type Deferred, type Random } from '@multiswarm/core';
import { readRanking } from '../../domain/custom-policy/read-ranking';
import { NO_STRIKES, strike } from '../../domain/custom-policy/strikes';
import type { WorkerMessage } from '../../domain/custom-policy/worker-message';
import type { CustomPolicy, CustomRanking } from '../../ports';
import { PolicyThread } from './policy-thread';

export interface HostParts {
  name: string;
  /** Of the file; relative to the directory of the process. */
  path: string;
  limitMs: number;
  clock: Clock;
  random: Random;
  /** Its state is another one. */
  onChange(status: CustomPolicyStatus): void;
  onSaid(text: string): void;
}

interface Asked {
  id: number;
  batch: RoutingBatch;
  answer: Deferred<CustomRanking>;
  /** The caller has its answer, or has been told that there is none in time. */
  isSettled: boolean;
  cancelDeadline: Cancel;
}

/**
 * A user's own policy in a thread of its own. A safety net for mistakes, not a boundary for attackers: the policy can read
 * files and open connections as the service can.
 *
 * H1. `rank` never throws, and answers within the time limit, whatever the policy does.
 * H2. One batch is with the thread at a time. One that is not answered in the limit, counted from when the thread got it,
 *     ends the thread; that is a strike.
 * H3. A thread that ends by itself (memory, an exit, an error outside of `rank`) is a strike. An error inside of `rank` and an
 *     answer that cannot be used are not: the batch goes without, and the thread goes on.
 * H4. After a strike the thread starts again, later each time; after the third in a row the policy is off.
 * H5. A file that does not load at the start turns the policy off at once: it will not load a second time either.
 */
export class CustomPolicyHost implements CustomPolicy {
  private readonly path: string;
  private readonly loaded = deferred<void>();
  private thread: PolicyThread | undefined;
  private state: CustomPolicyStatus['state'] = 'starting';
  private reason: string | undefined;
  private strikes = NO_STRIKES;
  private wasReady = false;
  private isStopped = false;
  private current: Asked | undefined;
  private waiting: Asked[] = [];
  private lastId = 0;
  /** Threads that were told to end and have not ended yet. */
  private readonly ending = new Set<Promise<void>>();
  private cancelTimer: Cancel = () => undefined;

  constructor(private readonly parts: HostParts) {
    this.path = resolve(parts.path);
    this.start();
  }

  get name(): string {
    return this.parts.name;
  }

  get status(): CustomPolicyStatus {
    const { state, reason, path } = this;
    const strikes = this.strikes.count;
    return { name: this.name, path, state, strikes, ...(reason === undefined ? {} : { reason }) };
  }

  /** Resolves when it is known whether the file can be loaded; never rejects. */
  async settled(): Promise<void> {
    await this.loaded.promise;
  }

  rank(batch: RoutingBatch): Promise<CustomRanking> {
    const refused = this.refusal();
    if (refused !== undefined) return Promise.resolve({ ok: false, why: refused });
    this.lastId += 1;
    const asked: Asked = {
      ...{ id: this.lastId, batch, answer: deferred<CustomRanking>(), isSettled: false },
      cancelDeadline: this.after(this.parts.limitMs, () => this.giveUp(asked)),
    };
    this.waiting.push(asked);
    this.next();
    return asked.answer.promise;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.cancelTimer();
    this.loaded.resolve();
    const { thread } = this;
    this.thread = undefined;
    this.failAll('the service stops');
    if (thread !== undefined) this.end(thread);
    await Promise.all(this.ending);
  }

  private refusal(): string | undefined {
    if (this.isStopped) return 'the service stops';
    if (this.state === 'off') return `it is off: ${this.reason ?? ''}`;
    if (this.state !== 'ready') return `its thread is ${this.state}`;
    if (this.waiting.length >= LIMITS.CUSTOM_POLICY_WAITING)
      return `${LIMITS.CUSTOM_POLICY_WAITING} earlier batches wait for it`;
    return undefined;
  }

  private start(): void {
    const thread = new PolicyThread(this.path, {
      message: (message) => this.take(thread, message),
      said: (text) => this.parts.onSaid(text),
      ended: (why) => this.lost(thread, why),
    });
    this.thread = thread;
    this.cancelTimer = this.after(LIMITS.CUSTOM_POLICY_LOAD_MS, () =>
      this.unusable(thread, `the file was not loaded within ${LIMITS.CUSTOM_POLICY_LOAD_MS} ms`),
    );
  }

  private take(thread: PolicyThread, message: WorkerMessage): void {
    if (thread !== this.thread) return;
    switch (message.kind) {
      case 'ready':
        this.cancelTimer();
        this.wasReady = true;
        this.change('ready', undefined);
        this.loaded.resolve();
        return;
      case 'unusable':
        this.unusable(thread, message.message);
        return;
      case 'ranked':
      case 'threw':
        this.answered(message);
    }
  }

  private answered(message: Extract<WorkerMessage, { id: number }>): void {
    const { current } = this;
    // The policy's own code can send what it likes.
    if (current?.id !== message.id) return;
    this.cancelTimer();
    this.current = undefined;
    this.settle(current, rankingOf(message, current.batch));
    this.next();
  }

  /** H2. */
  private next(): void {
    if (this.current !== undefined || this.thread === undefined) return;
    const asked = this.waiting.shift();
    if (asked === undefined) return;
    this.current = asked;
    const { thread } = this;
    const { limitMs } = this.parts;
    this.cancelTimer = this.after(limitMs, () => {
      if (this.current === asked) this.lost(thread, `it did not answer within ${limitMs} ms`);
    });
    thread.ask(asked.id, asked.batch);
  }

  /** H1: a batch that waits behind another one must not wait for longer than for the policy itself. */
  private giveUp(asked: Asked): void {
    this.waiting = this.waiting.filter((one) => one !== asked);
    const { limitMs } = this.parts;
    const who = this.current === asked ? 'it' : 'an earlier batch';
    this.settle(asked, { ok: false, why: `${who} did not answer within ${limitMs} ms` });
  }

  private unusable(thread: PolicyThread, why: string): void {
    if (this.wasReady) return this.lost(thread, why);
    this.drop(thread, why);
    this.change('off', `${this.path} cannot be used: ${why}`);
    this.loaded.resolve();
  }

  /** H3, H4. */
  private lost(thread: PolicyThread, why: string): void {
    if (thread !== this.thread) return;
    if (!this.wasReady) return this.unusable(thread, why);
    this.drop(thread, why);
    const { strikes, next } = strike(this.strikes, this.parts.clock.monotonic(), this.parts.random);
    this.strikes = strikes;
    if (next.kind === 'off') {
      const often = `its thread had to be ended ${LIMITS.CUSTOM_POLICY_STRIKES} times, the last time because ${why}`;
      this.change('off', `${often}; mend ${this.path} and start the service again`);
      return;
    }
    this.change('restarting', why);
    this.cancelTimer = this.parts.clock.after(next.afterMs, () => this.start());
  }

  private drop(thread: PolicyThread, why: string): void {
    this.cancelTimer();
    this.thread = undefined;
    this.failAll(why);
    this.end(thread);
  }

  private end(thread: PolicyThread): void {
    const ended = thread.end().finally(() => this.ending.delete(ended));
    this.ending.add(ended);
  }

  private failAll(why: string): void {
    const asked = this.current === undefined ? this.waiting : [this.current, ...this.waiting];
    this.current = undefined;
    this.waiting = [];
    for (const one of asked) this.settle(one, { ok: false, why });
  }

  private settle(asked: Asked, ranking: CustomRanking): void {
    if (asked.isSettled) return;
    asked.isSettled = true;
    asked.cancelDeadline();
    asked.answer.resolve(ranking);
  }

  private change(state: CustomPolicyStatus['state'], reason: string | undefined): void {
    this.state = state;
    this.reason = reason;
    this.parts.onChange(this.status);
  }

  /** Where this process itself was held up, an answer may have come in time and not be read yet: it is read before `fn` is called. */
  private after(ms: number, fn: () => void): Cancel {
    let isCancelled = false;
    const cancel = this.parts.clock.after(ms, () =>
      this.parts.clock.soon(() => {
        if (!isCancelled) fn();
      }),
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  }
}

function rankingOf(message: Extract<WorkerMessage, { id: number }>, batch: RoutingBatch): CustomRanking {
  if (message.kind === 'threw') return { ok: false, why: `it threw: ${message.message}` };
  const read = readRanking(message.ranking, batch);
  return 'refused' in read ? { ok: false, why: read.refused } : { ok: true, ...read };
}

import {
  LIMITS,
  type FreezeLearning,
  type LearnedPair,
  type LearningChanged,
  type LearningCommand,
  type LearningPage,
  type ListLearningQuery,
  type ResetLearning,
} from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';
import type { LearnedPair as Learned } from '../domain/learning/learned-pair';
import type { Learner } from '../domain/learning/learner';
import type { PairName } from '../domain/learning/memory';
import type { LearningControl, LearningStore } from '../ports';

/** How often what has changed is kept, and commands that nobody has heard of are looked for. */
const SAVE_MS = 5_000;
/** How far the clocks of two machines may be apart. */
const CLOCKS_DIFFER_MS = 60_000;

export interface LearningParts {
  learner: Learner;
  store: LearningStore;
  clock: Clock;
  halfLifeMs: number;
  /** To all replicas, this one among them. */
  announce(change: LearningChanged): void;
  onFault: (error: unknown) => void;
}

type Followed = Pick<LearningCommand, 'kind' | 'type' | 'swarmClass'>;
type Asked = FreezeLearning & { requestedBy: string };

/**
 * What this replica learns, kept in Redis and led by the same commands as that of all others.
 *
 * L1. Every replica hears every outcome, so each learns all of it by itself, and nothing is ever added up: of two readings of a
 *     pair the one that rests on more attempts counts, in memory as in Redis. To take over the same one twice changes nothing.
 * L2. A replica that starts, or was cut off, takes over what rests on more attempts than its own.
 * L3. A command has a revision. What is kept is fenced by it: nothing that was learned before a reset is kept after it.
 * L4. Without Redis it goes on learning, and keeps it later; it cannot be told anything meanwhile.
 */
export class Learning {
  private control: LearningControl = { revision: 0, frozenAtMs: undefined, pausedMs: 0, commands: [] };
  private followed: number | undefined;
  private savedUpTo = 0;
  private gone: PairName[] = [];
  private working: Promise<void> = Promise.resolve();
  private cancel: Cancel = () => undefined;

  /** What is in memory is not from before this time of the clock of Redis. */
  private readonly sinceMs: number;

  constructor(private readonly parts: LearningParts) {
    this.sinceMs = parts.clock.now() - CLOCKS_DIFFER_MS;
  }

  /** Takes over what is kept. L4: where Redis does not answer, later. */
  async start(): Promise<void> {
    await this.refresh();
    this.cancel = every(this.parts.clock, SAVE_MS, () => this.save());
  }

  /** Keeps what has changed. */
  async stop(): Promise<void> {
    this.cancel();
    await this.save();
  }

  /** L2: something may have been missed. */
  refresh(): Promise<void> {
    return this.inTurn(async () => {
      await this.follow();
      for (const { name, state } of await this.parts.store.load()) this.parts.learner.adopt(name, state);
    });
  }

  /** Keeps what has changed since it last was, as of the commands that are known. */
  save(): Promise<void> {
    return this.inTurn(async () => {
      await this.follow();
      const { learner, store } = this.parts;
      this.gone = [...this.gone, ...learner.takeGone()].slice(-LIMITS.LEARNED_PAIRS);
      const { change, pairs } = learner.changedAfter(this.savedUpTo);
      if (pairs.length + this.gone.length === 0) return;
      // L3: with what comes next time, when the command was followed.
      if ((await store.save(this.control.revision, pairs, this.gone)) === 'behind') return;
      this.savedUpTo = change;
      this.gone = [];
    });
  }

  /** Another replica has been told something. */
  observe({ revision }: LearningChanged): void {
    if (revision > (this.followed ?? 0)) void this.inTurn(() => this.follow());
  }

  /** @throws MultiswarmError `store-unavailable` */
  freeze(asked: Asked): Promise<LearningPage> {
    return this.command({ kind: 'freeze', ...asked });
  }

  /** @throws MultiswarmError `store-unavailable` */
  unfreeze(asked: Asked): Promise<LearningPage> {
    return this.command({ kind: 'unfreeze', ...asked });
  }

  /** Forgets whatever is named; nothing: all. @throws MultiswarmError `store-unavailable` */
  reset(asked: ResetLearning & { requestedBy: string }): Promise<LearningPage> {
    return this.command({ kind: 'reset', ...asked });
  }

  /** What is known here, by type and class. */
  list({ type, swarmClass, limit, cursor }: ListLearningQuery): LearningPage {
    const all = this.parts.learner.list({ type, swarmClass });
    const rest = cursor === undefined ? all : all.filter((pair) => keyOf(pair) > cursor);
    const items = rest.slice(0, limit);
    const last = items.at(-1);
    const { commands, frozenAtMs } = this.control;
    const froze = frozenAtMs === undefined ? undefined : commands.find(({ kind }) => kind === 'freeze');
    return {
      items: items.map((pair) => this.shown(pair)),
      next: rest.length > limit && last !== undefined ? keyOf(last) : null,
      ...(froze === undefined ? {} : { frozen: froze }),
      halfLifeMs: this.parts.halfLifeMs,
      commands,
    };
  }

  private async command(command: Omit<LearningCommand, 'revision' | 'at'>): Promise<LearningPage> {
    const revision = await this.parts.store.command(command);
    await this.inTurn(() => this.follow());
    if (revision > 0) this.parts.announce({ v: 1, revision });
    const { type, swarmClass } = command;
    return this.list({ type, swarmClass, limit: 1 });
  }

  /** One after the other: a reset may not come between a reading and what is made of it. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    this.working = this.working.then(work).catch(this.parts.onFault);
    return this.working;
  }

  private async follow(): Promise<void> {
    const control = await this.parts.store.control();
    const { learner } = this.parts;
    this.control = control;
    learner.pace({ frozen: control.frozenAtMs !== undefined, pausedMs: control.pausedMs });
    for (const command of this.commandsToFollow(control))
      if (command.kind === 'reset') learner.forget(command);
    this.followed = control.revision;
  }

  /** Oldest first. Where not all that came since is kept any more: a reset of everything. */
  private commandsToFollow({ revision, commands }: LearningControl): Followed[] {
    const oldestFirst = [...commands].reverse();
    if (this.followed === undefined) return oldestFirst.filter(({ at }) => Date.parse(at) > this.sinceMs);
    const { followed } = this;
    const after = oldestFirst.filter((command) => command.revision > followed);
    return after.length < revision - followed ? [{ kind: 'reset' }] : after;
  }

  private shown({ lastMs, durations, ...pair }: Learned): LearnedPair {
    const atMs = lastMs + this.control.pausedMs;
    return {
      ...pair,
      ...(durations === undefined ? {} : { durations }),
      lastAt: new Date(atMs).toISOString(),
    };
  }
}

function keyOf({ type, swarmClass }: PairName): string {
  return `${type} ${swarmClass}`;
}

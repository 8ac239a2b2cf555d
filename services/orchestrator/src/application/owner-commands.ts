import { MultiswarmError, type DeadLetterResult } from '@multiswarm/contracts';
import { deadLetterResult } from '../domain/task/dead-letter';
import type { DeadLetterCommand, TaskCommand, TaskRecord } from '../domain/task/record';
import { isDone, whyNot } from '../domain/task/why-not';
import type { RunCommand } from '../domain/workflow/run-command';
import type { OwnerDesk } from './owner-desk';
import { hasHeard, tellRun } from './run-commands';

/** What people may tell a task. */
export type UserCommand = Extract<TaskCommand, { kind: 'cancel' | 'pause' | 'resume' | 'signal' | 'retry' }>;

/** What people, and the retention of their namespaces, want of the tasks of one shard. */
export class OwnerCommands {
  constructor(private readonly desk: OwnerDesk) {}

  /**
   * What people tell a task. A repetition that changes nothing is answered like the first time.
   * @param again it was sent before, and may have been done
   * @throws MultiswarmError `task-not-found`, or `wrong-state` with what to do instead
   */
  async command(id: string, command: UserCommand, again = false): Promise<void> {
    const record = (await this.desk.recall([id])).get(id);
    const state = this.desk.serving();
    if (!record || this.desk.forgetting.has(id))
      throw new MultiswarmError('task-not-found', `there is no task "${id}"`);
    const before = state.task(id) ?? record;
    const change = state.change();
    if (!again || !isDone(before, command)) {
      const refusal = whyNot(before, command, change.now);
      if (refusal !== undefined) throw new MultiswarmError('wrong-state', refusal);
      state.applyTo(before, command, change);
    }
    await this.desk.commitToAnswer(change);
  }

  /** Redrives or purges dead letters: each is a unit of its own, between which the committer may cut. */
  async settleDeadLetters(ids: readonly string[], command: DeadLetterCommand): Promise<DeadLetterResult[]> {
    const recalled = await this.desk.recall(ids);
    this.desk.serving();
    return Promise.all(ids.map((id) => this.settleDeadLetter(id, recalled.get(id), command)));
  }

  /**
   * What people, and agents, tell a run. A repetition that changes nothing is answered like the first time.
   * @throws MultiswarmError `wrong-state` where it has ended, and what `tellRun` throws
   */
  async tellRun(id: string, command: RunCommand): Promise<void> {
    const state = this.desk.serving();
    const change = state.change();
    const run = state.runs.get(id);
    if (run) tellRun(state, run, command, change, this.desk.newTaskId);
    // To cancel what has ended is to be late, and no fault.
    else if (command.kind !== 'cancel' && !(await this.wasTold(id, command)))
      throw new MultiswarmError('wrong-state', `${id} has ended: rerun it to get a run that goes on from it`);
    await this.desk.commitToAnswer(change);
  }

  /** Whether a run that has ended since had a signal: its repetition is answered like the first time. */
  private async wasTold(id: string, command: RunCommand): Promise<boolean> {
    if (command.kind !== 'signal') return false;
    const { shard, parts } = this.desk;
    // Its end may be on the way to the store.
    await this.desk.commit(this.desk.serving().change());
    const stored = await parts.store.signalsOf(shard, id);
    return stored !== undefined && hasHeard(stored, command);
  }

  /** Removes roots whose retention has passed. @returns how many */
  async sweep(limit: number): Promise<number> {
    const { shard, parts } = this.desk;
    const { store, clock } = parts;
    const state = this.desk.serving();
    const expired = await store.expired(shard, clock.now(), limit);
    // Each root is a unit of its own: the committer cuts between them, so that Redis is never busy with all at once.
    await Promise.all(
      expired.map(async ({ root, taskIds }) => {
        if (state.task(root)) return; // opened again meanwhile
        this.desk.forgetting.add(root);
        const change = state.change();
        change.forget(root, taskIds);
        await this.desk.commit(change).finally(() => this.desk.forgetting.delete(root));
      }),
    );
    return expired.length;
  }

  private async settleDeadLetter(
    id: string,
    recalled: TaskRecord | undefined,
    command: DeadLetterCommand,
  ): Promise<DeadLetterResult> {
    const state = this.desk.serving();
    const change = state.change();
    const before = this.desk.forgetting.has(id) ? undefined : (state.task(id) ?? recalled);
    const result = deadLetterResult(id, before, command, change.now);
    const after = before && state.applyTo(before, command, change);
    await this.desk.commitToAnswer(change);
    return after ? { ...result, state: after.state } : result;
  }
}

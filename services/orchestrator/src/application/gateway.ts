import {
  asMultiswarmError,
  LIMITS,
  MultiswarmError,
  shardOf,
  type Accepted,
  type BatchReply,
  type CheckShard,
  type DeadLetterResult,
  type ExportShard,
  type ImportShard,
  type RecoverShard,
  type RecoverShardReply,
  type RerunWorkflowRequest,
  type ShardExportPart,
  type ShardImportReply,
  type ShardCheckReport,
  type TaskSpec,
  type ValidationReply,
} from '@multiswarm/contracts';
import { chunkByBytes, delay, within, type Clock } from '@multiswarm/core';
import { refusedResult } from '../domain/task/dead-letter';
import type { DeadLetterCommand } from '../domain/task/record';
import type { AddedSteps, RunCommand } from '../domain/workflow/run-command';
import type { Admission } from './admissions';
import type { UserCommand } from './owner-commands';
import type { Earlier, Intake, NewRun, NewTask } from './intake';
import type { Payloads } from './payloads';
import type { WorkflowSnapshots } from './workflow-snapshots';

/** Owners of shards, wherever they are. */
export interface OwnerCommands {
  submitTasks(shard: number, tasks: NewTask[]): Promise<(Admission | MultiswarmError)[]>;
  submitRun(shard: number, run: NewRun): Promise<Admission>;
  /** @param again it was sent before, and may have been done */
  command(shard: number, id: string, command: UserCommand, again: boolean): Promise<void>;
  /** Repeating is safe. */
  settleDeadLetters(
    shard: number,
    ids: readonly string[],
    command: DeadLetterCommand,
  ): Promise<DeadLetterResult[]>;
  tellRun(shard: number, id: string, command: RunCommand): Promise<void>;
  check(shard: number, asked: Omit<CheckShard, 'shard'>): Promise<ShardCheckReport>;
  export(shard: number, asked: Omit<ExportShard, 'shard'>): Promise<ShardExportPart>;
  import(shard: number, asked: Omit<ImportShard, 'shard'>): Promise<ShardImportReply>;
  recover(shard: number, asked: Omit<RecoverShard, 'shard'>): Promise<RecoverShardReply>;
}

/** Dead letters that one shard is told of at once: their records are read together. */
const LETTERS_TOGETHER = 100;
/** Tasks of a batch that go to one shard together, where nothing binds them to another: fewer and larger commits. */
const BATCH_RUN = 128;
const RETRY_MS = { first: 50, most: 500 };
/** A commit that Redis does not confirm goes on, but its client is not kept waiting longer. */
const CONFIRM_MS = 5_000;

/**
 * Where commands of clients come in, on any replica: validated, given an id and a shard, handed to the shard's owner.
 * While a shard changes hands a command waits for its next owner, at most `ownerWaitMs`; repeating is safe, since a
 * command carries the id of what it makes, and the repetition says that it may be there already.
 */
export class Gateway {
  constructor(
    private readonly intake: Intake,
    private readonly owners: OwnerCommands,
    private readonly shards: number,
    private readonly clock: Clock,
    private readonly ownerWaitMs: number,
    private readonly onAccepted: (priority: string, count: number) => void,
    private readonly specOf: (id: string) => Promise<TaskSpec>,
    private readonly parts: { payloads: Payloads; snapshots: WorkflowSnapshots },
  ) {}

  async submitTask(given: unknown, traceparent: string): Promise<Accepted> {
    let task: NewTask;
    try {
      task = this.intake.task(given, traceparent);
    } catch (error) {
      task = this.intake.task(await this.parts.payloads.lightened(given, error), traceparent);
    }
    return this.submit(task);
  }

  /**
   * The same work once more, as a task of its own.
   * @throws MultiswarmError `task-not-found`
   */
  async rerun(id: string, idempotencyKey: string | undefined, traceparent: string): Promise<Accepted> {
    const spec = await this.specOf(id);
    return this.submit(this.intake.rerun({ id, spec }, idempotencyKey, traceparent));
  }

  private async submit(task: NewTask): Promise<Accepted> {
    if (task.spec.inputRef !== undefined) await this.parts.payloads.claim([task.spec.inputRef]);
    const [answer] = await this.retrying((again) =>
      this.owners.submitTasks(task.shard, [again ? asRepeated(task) : task]),
    );
    if (!answer) throw new MultiswarmError('internal', 'the owner did not answer for the task');
    if (answer instanceof MultiswarmError) throw answer;
    if (!answer.duplicate) this.onAccepted(task.spec.priority, 1);
    return answer;
  }

  /** Each item is accepted or refused by itself; the answer keeps the order. */
  async submitBatch(items: readonly unknown[], traceparentOf: () => string): Promise<BatchReply> {
    const results = new Array<BatchReply['results'][number]>(items.length);
    const shards = new Map<number, { index: number; task: NewTask }[]>();
    const large: { index: number; error: unknown }[] = [];
    const add = (index: number, task: NewTask): void => {
      const entry = { index, task };
      const list = shards.get(task.shard);
      if (list) list.push(entry);
      else shards.set(task.shard, [entry]);
    };
    let shard = this.intake.anyShard();
    items.forEach((item, index) => {
      try {
        if (index % BATCH_RUN === 0) shard = (shard + 1) % this.shards;
        const task = this.intake.task(item, traceparentOf(), shard);
        if (task.spec.inputRef === undefined) add(index, task);
        else large.push({ index, error: undefined });
      } catch (error) {
        large.push({ index, error });
      }
    });
    for (const { index, error } of large) {
      try {
        const item =
          error === undefined ? items[index] : await this.parts.payloads.lightened(items[index], error);
        const task = this.intake.task(item, traceparentOf());
        await this.parts.payloads.claim([task.spec.inputRef]);
        add(index, task);
      } catch (refused) {
        results[index] = refusal(index, refused);
      }
    }
    await Promise.all([...shards].map(([of, entries]) => this.submitTo(of, entries, results)));
    const rejected = results.filter((result) => 'error' in result).length;
    return { accepted: results.length - rejected, rejected, results };
  }

  /** The part of a batch that goes to one shard. */
  private async submitTo(
    shard: number,
    entries: readonly { index: number; task: NewTask }[],
    results: BatchReply['results'],
  ): Promise<void> {
    const answers = await this.retrying((again) =>
      this.owners.submitTasks(
        shard,
        entries.map(({ task }) => (again ? asRepeated(task) : task)),
      ),
    ).catch((error: unknown) => entries.map(() => asMultiswarmError(error)));
    const accepted = new Map<string, number>();
    entries.forEach(({ index, task }, at) => {
      const answer = answers[at] ?? new MultiswarmError('internal', 'the owner did not answer for the task');
      if (answer instanceof MultiswarmError) results[index] = refusal(index, answer);
      else {
        results[index] = { index, id: answer.id, duplicate: answer.duplicate };
        const { priority } = task.spec;
        if (!answer.duplicate) accepted.set(priority, (accepted.get(priority) ?? 0) + 1);
      }
    });
    for (const [priority, count] of accepted) this.onAccepted(priority, count);
  }

  /**
   * A workflow with its steps, or a run of a definition.
   * @param schedule that starts it
   */
  async submitWorkflow(given: unknown, traceparent: string, schedule?: string): Promise<Accepted> {
    const { document, origin } = await this.parts.snapshots.of(given);
    const from = schedule === undefined ? origin : { ...origin, schedule };
    let run: NewRun;
    try {
      run = this.intake.workflow(document, traceparent, from);
    } catch (error) {
      const light = await this.parts.payloads.lightenedSteps(document, error);
      run = this.intake.workflow(light, traceparent, from);
    }
    return this.submitRun(run);
  }

  private async submitRun(run: NewRun): Promise<Accepted> {
    await this.parts.payloads.claim(run.steps.map(({ spec }) => spec.inputRef));
    const answer = await this.retrying((again) =>
      this.owners.submitRun(run.shard, again ? asRepeated(run) : run),
    );
    if (!answer.duplicate) this.onAccepted('workflow', run.steps.length);
    return answer;
  }

  validate(given: unknown): Promise<ValidationReply> {
    return this.parts.snapshots.validate(given);
  }

  /**
   * Cancel, pause, resume, signal, retry.
   * @throws MultiswarmError `task-not-found`, or `wrong-state` with what to do instead
   */
  async command(id: string, command: UserCommand): Promise<void> {
    const shard = this.shard(id, 'task-not-found');
    await this.retrying((again) => this.owners.command(shard, id, command, again));
  }

  /** Redrives or purges; each id is answered by itself, in the order given. */
  async settleDeadLetters(ids: readonly string[], command: DeadLetterCommand): Promise<DeadLetterResult[]> {
    const results = new Map<string, DeadLetterResult>();
    await Promise.all(
      this.byShard(ids).map(async ({ shard, part }) => {
        for (const each of await this.settleTogether(shard, part, command)) results.set(each.id, each);
      }),
    );
    return ids.map((id) => results.get(id) ?? refusedResult(id, 'internal', 'the owner did not answer'));
  }

  /** Parts of which each has one shard; undefined for ids that name none. */
  private byShard(ids: readonly string[]): { shard: number | undefined; part: string[] }[] {
    const shards = new Map<number | undefined, string[]>();
    for (const id of ids) {
      const shard = shardOf(id, this.shards);
      shards.set(shard, [...(shards.get(shard) ?? []), id]);
    }
    return [...shards].flatMap(([shard, all]) =>
      chunkByBytes(all, () => 1, { bytes: LETTERS_TOGETHER }).map((part) => ({ shard, part })),
    );
  }

  private settleTogether(
    shard: number | undefined,
    ids: readonly string[],
    command: DeadLetterCommand,
  ): Promise<DeadLetterResult[]> {
    if (shard === undefined)
      return Promise.resolve(
        ids.map((id) => refusedResult(id, 'task-not-found', `there is no task "${id}"`)),
      );
    return this.retrying((again) =>
      this.owners.settleDeadLetters(shard, ids, command.kind === 'purge' ? { ...command, again } : command),
    ).catch((error: unknown) => {
      const { code, message } = asMultiswarmError(error);
      return ids.map((id) => refusedResult(id, code, message));
    });
  }

  /** Repeating is safe: signals and answers carry their time, added steps their ids. */
  async tellWorkflow(id: string, command: RunCommand): Promise<void> {
    const shard = this.shard(id, 'workflow-not-found');
    await this.retrying(() => this.owners.tellRun(shard, id, command));
  }

  /** Steps for a run of a namespace that goes on. */
  async addSteps(
    id: string,
    namespace: string,
    asked: AddedSteps,
    requestedBy: string | undefined,
  ): Promise<void> {
    const { payloads, snapshots } = this.parts;
    const given = await snapshots.added(namespace, asked);
    let added: AddedSteps;
    try {
      added = this.intake.added(given, namespace);
    } catch (error) {
      const light = await payloads.lightenedSteps({ ...given, namespace }, error);
      // The same steps, with references to what was too large in them.
      added = this.intake.added({ ...given, tasks: (light as AddedSteps).tasks }, namespace);
    }
    await payloads.claim(added.tasks.map(({ inputRef }) => inputRef));
    await this.tellWorkflow(id, { kind: 'add-steps', added, requestedBy });
  }

  /** @throws MultiswarmError `step-not-found` */
  async forkWorkflow(
    earlier: Earlier,
    asked: Pick<RerunWorkflowRequest, 'from' | 'input' | 'idempotencyKey'>,
    traceparent: string,
  ): Promise<Accepted> {
    return this.submitRun(this.intake.fork(earlier, asked, traceparent));
  }

  /** Asks the owner of a shard for something that it does with all of it. Repeating is safe. */
  askOwner<T>(ask: (owners: OwnerCommands) => Promise<T>): Promise<T> {
    return this.retrying(() => ask(this.owners));
  }

  private shard(id: string, code: 'task-not-found' | 'workflow-not-found'): number {
    const shard = shardOf(id, this.shards);
    if (shard === undefined) throw new MultiswarmError(code, `there is no "${id}"`);
    return shard;
  }

  private async retrying<T>(action: (again: boolean) => Promise<T>): Promise<T> {
    const deadline = this.clock.monotonic() + this.ownerWaitMs;
    let again = false;
    for (let wait: number = RETRY_MS.first; ; wait = Math.min(RETRY_MS.most, wait * 2)) {
      try {
        return await within(this.clock, CONFIRM_MS, action(again), unconfirmed);
      } catch (error) {
        again = true;
        const moving =
          error instanceof MultiswarmError &&
          (error.code === 'shard-unavailable' || error.code === 'stale-epoch');
        if (!moving || this.clock.monotonic() + wait > deadline) throw error;
        await delay(this.clock, wait);
      }
    }
  }
}

function unconfirmed(): never {
  const detail = `Redis did not confirm it within ${CONFIRM_MS} ms: it may have been accepted; repeat it with the same idempotency key`;
  throw new MultiswarmError('store-unavailable', detail);
}

/** What was sent before and got no answer may have been accepted: the owner must look before it makes it a second time. */
function asRepeated<T extends NewTask | NewRun>(item: T): T {
  return { ...item, keyed: true };
}

function refusal(index: number, error: unknown): BatchReply['results'][number] {
  const { code, message, findings } = asMultiswarmError(error);
  return {
    index,
    error: {
      code,
      detail: message,
      ...(findings.length > 0 ? { errors: findings.slice(0, LIMITS.FINDINGS) } : {}),
    },
  };
}

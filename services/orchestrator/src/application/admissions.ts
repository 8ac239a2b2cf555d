import {
  LIMITS,
  MultiswarmError,
  summarize,
  timeFindings,
  type ErrorCode,
  type Finding,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { TaskRecord } from '../domain/task/record';
import type { ShardStore } from '../ports';
import { CHANGE_WEIGHT, weightOfNew } from './batch-weight';
import type { Change } from './change';
import type { NewRun, NewTask } from './intake';
import type { ShardState } from './shard-state';
import type { KnownIds } from './known-ids';
import { Submissions } from './submissions';

export interface Admission {
  id: string;
  state: string;
  duplicate: boolean;
}

/** What is submitted to one shard needs of its owner. */
export interface AdmissionParts {
  shard: number;
  clock: Clock;
  store: Pick<ShardStore, 'bodyHashes' | 'tasks' | 'atTurnEnd'>;
  ids: Pick<KnownIds, 'isNew' | 'add'>;
  /** @throws MultiswarmError where the shard must not answer now */
  serving: () => ShardState;
  /** Resolves when the change is committed, and may be answered. */
  commit: (change: Change) => Promise<void>;
}

/** Tasks and workflows on their way into a shard. The answer comes after the commit; a repeated idempotency key meets the earlier one. */
export class Admissions {
  private readonly submissions: Submissions;

  constructor(private readonly parts: AdmissionParts) {
    this.submissions = new Submissions(
      (leave) => parts.store.atTurnEnd(leave),
      (items) => this.admit(items),
    );
  }

  submitTasks(items: readonly NewTask[]): Promise<(Admission | MultiswarmError)[]> {
    // Without keys there is nothing to look up, and so nothing to wait for.
    return items.some((item) => item.keyed) ? this.submissions.submit(items) : this.admit(items);
  }

  private async admit(items: readonly NewTask[]): Promise<(Admission | MultiswarmError)[]> {
    this.parts.serving();
    const asked = items.filter((item) => item.keyed && !this.parts.ids.isNew(item.id)).map(({ id }) => id);
    const known = asked.length === 0 ? NO_HASHES : await this.knownHashes(asked);
    const state = this.parts.serving();
    const changes = [state.change()];
    const now = this.parts.clock.now();
    let weight = 0;
    const answers = items.map((item): Admission | MultiswarmError => {
      const hash = item.keyed ? (state.bodyHash(item.id) ?? known.get(item.id)) : undefined;
      if (hash !== undefined) return repeated(item.id, item.spec, hash);
      // Only now: what was accepted in time may be repeated when its deadline has passed.
      const untimely = refusal('invalid-request', timeFindings(item.spec, now));
      if (untimely) return untimely;
      const own = weightOfNew([item]);
      if (weight > 0 && weight + own > CHANGE_WEIGHT) {
        changes.push(state.change());
        weight = 0;
      }
      weight += own;
      this.parts.ids.add(item.id);
      const { state: made } = state.addTask(item, changes.at(-1) as Change);
      return { id: item.id, state: made, duplicate: false };
    });
    await Promise.all(changes.map((change) => this.parts.commit(change)));
    return answers;
  }

  /** Accepts a workflow: the run and all its steps in one change. */
  async submitRun(item: NewRun): Promise<Admission> {
    this.parts.serving();
    const { id, spec } = item.record;
    const isNew = !item.keyed || this.parts.ids.isNew(id);
    const known = isNew ? NO_HASHES : await this.knownHashes([id]);
    const state = this.parts.serving();
    const hash = item.keyed ? (state.bodyHash(id) ?? known.get(id)) : undefined;
    const answer = hash === undefined ? { id, state: 'running', duplicate: false } : repeated(id, spec, hash);
    if (answer instanceof MultiswarmError) throw answer;
    const untimely = hash === undefined ? refusal('invalid-workflow', this.untimelySteps(item)) : undefined;
    if (untimely) throw untimely;
    const kept = hash === undefined ? await this.keptTasks(item) : undefined;
    const serving = this.parts.serving();
    const change = serving.change();
    // While kept results were read, the same submission may have come by another way.
    if (hash === undefined && serving.bodyHash(id) === undefined) {
      this.parts.ids.add(id);
      serving.addRun(item, change, kept);
    }
    await this.parts.commit(change);
    return answer;
  }

  /** The tasks of an earlier run whose results a run has, by step. They have ended, and stay as they are. */
  private async keptTasks({ kept }: NewRun): Promise<Map<string, TaskRecord> | undefined> {
    const wanted = Object.entries(kept ?? {});
    if (wanted.length === 0) return undefined;
    const found = await this.parts.store.tasks(
      this.parts.shard,
      wanted.map(([, taskId]) => taskId),
    );
    return new Map(
      wanted.map(([step, taskId], index): [string, TaskRecord] => {
        const task = found[index];
        if (task?.state !== 'succeeded')
          throw new MultiswarmError(
            'step-not-found',
            `${taskId}, the task of "${step}", is not stored any more`,
          );
        return [step, task];
      }),
    );
  }

  private untimelySteps({ steps }: NewRun): Finding[] {
    const now = this.parts.clock.now();
    return steps
      .flatMap(({ spec }, index) => timeFindings(spec, now, ['tasks', index]))
      .slice(0, LIMITS.FINDINGS);
  }

  /** Of those that are known by now. One that is in memory when it is asked for may be let go of before the store answers. */
  private async knownHashes(ids: readonly string[]): Promise<Map<string, string>> {
    const state = this.parts.serving();
    const known = new Map<string, string>();
    const unknown = ids.filter((id) => {
      const hash = state.bodyHash(id);
      if (hash !== undefined) known.set(id, hash);
      return hash === undefined;
    });
    if (unknown.length === 0) return known;
    const stored = await this.parts.store.bodyHashes(this.parts.shard, unknown);
    for (const [index, id] of unknown.entries()) {
      const hash = stored[index];
      if (hash !== undefined) known.set(id, hash);
    }
    return known;
  }
}

const NO_HASHES: ReadonlyMap<string, string> = new Map();

function refusal(code: ErrorCode, findings: Finding[]): MultiswarmError | undefined {
  return findings.length === 0 ? undefined : new MultiswarmError(code, summarize(findings), { findings });
}

/** The answer to a repeated submission: the same body meets the earlier task, another one under the same key is refused. */
function repeated(
  id: string,
  spec: { bodyHash?: string | undefined; idempotencyKey?: string | undefined },
  hash: string,
): Admission | MultiswarmError {
  if (spec.idempotencyKey === undefined || hash === spec.bodyHash)
    return { id, state: 'accepted', duplicate: spec.idempotencyKey !== undefined };
  return new MultiswarmError(
    'idempotency-conflict',
    `the idempotency key "${spec.idempotencyKey}" was used before with another body: that one is ${id}`,
  );
}

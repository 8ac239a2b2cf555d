import type { MultiswarmError } from '@multiswarm/contracts';
import { deferred, type Deferred } from '@multiswarm/core';
import { CHANGE_WEIGHT, weightOfNew } from './batch-weight';
import type { NewTask } from './intake';
import type { Admission } from './admissions';

type Answers = (Admission | MultiswarmError)[];

interface Gathered {
  items: NewTask[];
  weight: number;
  done: Deferred<Answers>;
}

/**
 * Submissions with keys to one shard that come in the same turn of the event loop, as one change: tasks that are submitted one by one
 * cost little more than a batch of them. Each caller gets the answers for its own tasks; when the change fails, all fail.
 */
export class Submissions {
  private gathered: Gathered | undefined;

  /** @param admit an answer for each task, in their order */
  constructor(
    private readonly atTurnEnd: (leave: () => void) => void,
    private readonly admit: (items: readonly NewTask[]) => Promise<Answers>,
  ) {}

  async submit(items: readonly NewTask[]): Promise<Answers> {
    const weight = weightOfNew(items);
    let shared = this.gathered;
    if (!shared || shared.weight + weight > CHANGE_WEIGHT) shared = this.gathered = this.gather();
    const from = shared.items.length;
    for (const item of items) shared.items.push(item);
    shared.weight += weight;
    const answers = await shared.done.promise;
    return answers.slice(from, from + items.length);
  }

  private gather(): Gathered {
    const shared: Gathered = { items: [], weight: 0, done: deferred() };
    this.atTurnEnd(() => {
      if (this.gathered === shared) this.gathered = undefined;
      this.admit(shared.items).then(
        (answers) => shared.done.resolve(answers),
        (error: unknown) => shared.done.reject(error),
      );
    });
    return shared;
  }
}

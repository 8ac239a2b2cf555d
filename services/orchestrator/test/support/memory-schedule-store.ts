import { LIMITS, MultiswarmError } from '@multiswarm/contracts';
import type { NamedSchedule, ScheduleStore, StoredSchedule } from '../../src/schedule-ports';

/** Schedules as Redis keeps them, in one process. */
export class MemoryScheduleStore implements ScheduleStore {
  /** Of the scheduler in office. */
  epoch = 0;
  private revisions = 0;
  private readonly kept = new Map<string, { text: string; wakeAt: number | undefined }>();

  create(given: Omit<StoredSchedule, 'revision'>, wakeAt: number | undefined): Promise<number | undefined> {
    if (this.kept.has(idOf(given))) return Promise.resolve(undefined);
    if (this.kept.size >= LIMITS.SCHEDULES)
      return Promise.reject(new MultiswarmError('invalid-request', 'too many schedules (SCHEDULES)'));
    return Promise.resolve(this.write({ ...given, revision: 0 }, wakeAt));
  }

  get(of: NamedSchedule): Promise<StoredSchedule | undefined> {
    return Promise.resolve(this.read(idOf(of)));
  }

  list(
    namespace: string | undefined,
    after: NamedSchedule | undefined,
    limit: number,
  ): ReturnType<ScheduleStore['list']> {
    const least = after === undefined ? '' : idOf(after);
    const ids = [...this.kept.keys()]
      .filter((id) => id > least && (namespace === undefined || id.startsWith(`${namespace}/`)))
      .sort();
    const items = ids.slice(0, limit).flatMap((id) => {
      const { revision: _revision, body, ...listed } = this.read(id)!;
      const { workflow: _workflow, ...head } = body;
      return [{ ...listed, body: head }];
    });
    const last = ids.length > limit ? items.at(-1) : undefined;
    return Promise.resolve({ items, last: last && { namespace: last.namespace, name: last.name } });
  }

  change(
    of: NamedSchedule,
    { revision, body, state, wakeAt }: Parameters<ScheduleStore['change']>[1],
    epoch?: number,
  ): Promise<number | undefined> {
    if (epoch !== undefined && epoch !== this.epoch)
      return Promise.reject(new MultiswarmError('stale-epoch', 'another scheduler is in office'));
    const present = this.read(idOf(of));
    if (present?.revision !== revision) return Promise.resolve(undefined);
    return Promise.resolve(this.write({ ...present, body: body ?? present.body, state }, wakeAt));
  }

  remove(of: NamedSchedule): Promise<boolean> {
    return Promise.resolve(this.kept.delete(idOf(of)));
  }

  soonest(limit: number): ReturnType<ScheduleStore['soonest']> {
    const due = [...this.kept].flatMap(([id, { wakeAt }]) => {
      const found = this.read(id);
      return found && wakeAt !== undefined
        ? [{ namespace: found.namespace, name: found.name, at: wakeAt }]
        : [];
    });
    return Promise.resolve(due.sort((one, other) => one.at - other.at).slice(0, limit));
  }

  private write(given: StoredSchedule, wakeAt: number | undefined): number {
    this.revisions += 1;
    const text = JSON.stringify({ ...given, revision: this.revisions });
    this.kept.set(idOf(given), { text, wakeAt });
    return this.revisions;
  }

  private read(id: string): StoredSchedule | undefined {
    const found = this.kept.get(id);
    return found && (JSON.parse(found.text) as StoredSchedule);
  }
}

function idOf({ namespace, name }: NamedSchedule): string {
  return `${namespace}/${name}`;
}

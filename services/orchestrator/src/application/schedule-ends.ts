import type { Cancel } from '@multiswarm/core';
import type { ScheduledRun } from '../domain/schedule/schedule';
import type { NamedSchedule, ScheduledRuns } from '../schedule-ports';

/** Which runs somebody waits for, so that a schedule is looked at when one of its runs has ended. */
export class EndWatch {
  private readonly watched = new Map<string, Map<string, Cancel>>();

  constructor(
    private readonly runs: Pick<ScheduledRuns, 'onEnd'>,
    private readonly wake: (of: NamedSchedule) => void,
  ) {}

  /**
   * To be called before one looks whether they have ended.
   * @returns whether some were not watched before, so that one has to look
   */
  watch(of: NamedSchedule, running: readonly ScheduledRun[]): boolean {
    const watched = this.watched.get(idOf(of)) ?? new Map<string, Cancel>();
    this.watched.set(idOf(of), watched);
    for (const [id, cancel] of watched) {
      if (running.some((run) => run.id === id)) continue;
      cancel();
      watched.delete(id);
    }
    const added = running.filter(({ id }) => !watched.has(id));
    for (const { id } of added)
      watched.set(
        id,
        this.runs.onEnd(id, () => this.wake(of)),
      );
    return added.length > 0;
  }

  forget(of: NamedSchedule): void {
    for (const cancel of this.watched.get(idOf(of))?.values() ?? []) cancel();
    this.watched.delete(idOf(of));
  }

  stop(): void {
    for (const watched of this.watched.values()) for (const cancel of watched.values()) cancel();
    this.watched.clear();
  }
}

function idOf({ namespace, name }: NamedSchedule): string {
  return `${namespace}/${name}`;
}

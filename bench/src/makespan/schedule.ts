import { Heap } from '@multiswarm/core';
import { bottomLevelsMs, childrenOf, type ReplayedStep } from './instance';

/** Which of the steps that may start goes first; where they are equal, the earlier one of the list. */
export type Order = 'bottom-level' | 'fifo';

/** A step that may start (what has the smaller key goes first), or that runs (until its key). */
interface Entry {
  at: number;
  key: number;
}

const before = (a: Entry, b: Entry): boolean => a.key < b.key || (a.key === b.key && a.at < b.at);
const nowhere = (): void => undefined;

/**
 * Milliseconds that the workflow takes on so many equal slots when nothing costs time but the steps: list scheduling, where no
 * slot is idle while a step may start (Graham, "Bounds on Multiprocessing Timing Anomalies", 1969). With `bottom-level` the step
 * with the longest way to the end goes first (Adam, Chandy and Dickson, "A comparison of list schedules for parallel processing
 * systems", 1974), with `fifo` the one that could start first.
 *
 * @param overheadMs for so much longer than its own time each step holds its slot, and holds up what waits for it
 */
export function listScheduleMs(
  steps: readonly ReplayedStep[],
  slots: number,
  order: Order,
  overheadMs = 0,
): number {
  const levels = order === 'bottom-level' ? bottomLevelsMs(steps) : undefined;
  const children = childrenOf(steps);
  const waitsFor = steps.map(({ parents }) => parents.length);
  const ready = new Heap<Entry>(before, nowhere);
  const running = new Heap<Entry>(before, nowhere);
  let now = 0;
  const unlocked = (at: number): void => ready.push({ at, key: levels ? -(levels[at] ?? 0) : now });
  const end = (at: number): void => {
    for (const child of children[at] ?? []) {
      const left = (waitsFor[child] ?? 0) - 1;
      waitsFor[child] = left;
      if (left === 0) unlocked(child);
    }
  };
  const start = (): void => {
    while (running.size < slots) {
      const next = ready.pop();
      if (!next) return;
      running.push({ at: next.at, key: now + (steps[next.at]?.holdMs ?? 0) + overheadMs });
    }
  };
  steps.forEach(({ parents }, at) => {
    if (parents.length === 0) unlocked(at);
  });
  for (;;) {
    start();
    const first = running.pop();
    if (!first) return now;
    now = first.key;
    end(first.at);
    // All that end now, before anything starts: what they unlock competes for all of their slots.
    while (running.top?.key === now) end(running.pop()?.at ?? 0);
  }
}

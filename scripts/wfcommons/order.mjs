/**
 * Holds a run against the WfCommons instance that it came from. The instance's own parents decide, not what the
 * orchestrator was told; the event history decides what happened when, not the final states.
 *
 * @typedef {{ type: string, seq: number, at: number, step?: string, swarmId?: string }} HistoryEvent
 */

/**
 * Parents by task id, from either layout: `workflow.specification.tasks` (1.4 and later) or `workflow.tasks`.
 * Parents are named by id in some generations of the format and by name in others.
 *
 * @param {{ workflow?: { specification?: { tasks?: object[] }, tasks?: object[] } }} instance
 * @returns {Map<string, string[]>}
 */
export function parentsOf(instance) {
  const tasks = instance.workflow?.specification?.tasks ?? instance.workflow?.tasks ?? [];
  const idByName = new Map(tasks.map((task) => [task.name, task.id ?? task.name]));
  const ids = new Set(tasks.map((task) => task.id ?? task.name));
  const toId = (reference) => (ids.has(reference) ? reference : (idByName.get(reference) ?? reference));
  return new Map(tasks.map((task) => [task.id ?? task.name, (task.parents ?? []).map(toId)]));
}

/**
 * Every fault of a run: a task that never succeeded, or one that was placed before a parent had succeeded.
 *
 * @param {Map<string, string[]>} parents by task id
 * @param {HistoryEvent[]} events history of the run, by step
 * @param {(taskId: string) => string} stepOf the step's id for a task's id
 * @returns {string[]} one sentence per fault; empty when the order is right
 */
export function orderFaults(parents, events, stepOf = (id) => id) {
  const faults = gaps(events);
  const placed = firstSeq(events, 'task.assigned');
  const succeeded = firstSeq(events, 'task.succeeded');
  for (const [id, parentIds] of parents) {
    const step = stepOf(id);
    if (!succeeded.has(step)) faults.push(`${id} never succeeded`);
    for (const parent of parentIds) {
      const ended = succeeded.get(stepOf(parent));
      const started = placed.get(step);
      if (started !== undefined && (ended === undefined || ended > started)) {
        faults.push(
          `${id} was placed (event ${started}) before its parent ${parent} had succeeded (event ${ended ?? 'none'})`,
        );
      }
    }
  }
  return faults;
}

/** Slots that were really held: the sum over attempts of the time between running and its end, in milliseconds. */
export function heldMs(events) {
  const running = new Map();
  let total = 0;
  for (const event of events) {
    if (event.type === 'task.running') running.set(event.step, event.at);
    else if (
      running.has(event.step) &&
      ['task.succeeded', 'task.failed', 'task.lost', 'task.backoff'].includes(event.type)
    ) {
      total += event.at - running.get(event.step);
      running.delete(event.step);
    }
  }
  return total;
}

function gaps(events) {
  return events
    .flatMap((event, index) =>
      event.seq === index + 1 ? [] : [`event ${index + 1} of the history has the number ${event.seq}`],
    )
    .slice(0, 1);
}

function firstSeq(events, type) {
  const first = new Map();
  for (const event of events)
    if (event.type === type && event.step !== undefined && !first.has(event.step))
      first.set(event.step, event.seq);
  return first;
}

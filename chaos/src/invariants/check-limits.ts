import type { Task } from '@multiswarm/contracts';
import type { Evidence } from '../evidence/evidence';
import { LIMITED } from '../load/work';
import type { Broken } from './invariants';

/** By what the records say: from when to when each attempt was current. */
export function checkLimits({ tasks }: Evidence): Broken[] {
  const limited = [...tasks.values()].filter(({ namespace }) => namespace === LIMITED.namespace);
  const groups = [
    { name: `namespace ${LIMITED.namespace}`, limit: LIMITED.concurrency, members: limited },
    ...LIMITED.keys.map((key) => ({
      ...{ name: `key ${key}`, limit: LIMITED.perKey },
      members: limited.filter(({ limitKeys }) => limitKeys?.includes(key)),
    })),
  ];
  return groups.flatMap(({ name, limit, members }): Broken[] => {
    const peak = peakOf(members);
    if (peak.count <= limit) return [];
    const detail = `${peak.count} attempts at once of ${name} at ${new Date(peak.at).toISOString()}, allowed are ${limit}`;
    return [{ invariant: 'limits-held', taskId: peak.taskId, detail }];
  });
}

export function peakOf(tasks: readonly Task[]): { count: number; at: number; taskId: string } {
  const changes = tasks.flatMap(({ id, attempts }) =>
    attempts.flatMap(({ assignedAt, endedAt }) =>
      endedAt === undefined
        ? []
        : [
            { at: assignedAt, by: 1, id },
            { at: endedAt, by: -1, id },
          ],
    ),
  );
  // Of one moment the ends come first: the place of one may be taken by the next within the same millisecond.
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let count = 0;
  let peak = { count: 0, at: 0, taskId: '' };
  for (const { at, by, id } of changes) {
    count += by;
    if (count > peak.count) peak = { count, at, taskId: id };
  }
  return peak;
}

import {
  PRIORITIES,
  type Limit,
  type NamespaceSettings,
  type Priority,
  type TaskSpec,
} from '@multiswarm/contracts';

/** How much of the namespace's turns one fairness key gets, beside the others. */
export function fairnessWeight(settings: NamespaceSettings, fairnessKey: string): number {
  return own(settings.fairnessWeights, fairnessKey) ?? 1;
}

/**
 * The limit that counts for a key: one set for the key itself, else the one of the longest prefix that fits. Each key has a
 * count of its own, also under a common prefix.
 */
export function limitForKey({ limits }: NamespaceSettings, key: string): Limit | undefined {
  const exact = own(limits, key);
  if (exact) return exact;
  let longest = '';
  for (const pattern of Object.keys(limits)) {
    if (!pattern.endsWith('*') || pattern.length <= longest.length) continue;
    if (key.startsWith(pattern.slice(0, -1))) longest = pattern;
  }
  return own(limits, longest);
}

/** The policy that a namespace has chosen for a type of its tasks, if any. */
export function ownPolicy({ routing }: NamespaceSettings, type: string): string | undefined {
  return routing && ((routing.policies && own(routing.policies, type)) ?? routing.policy);
}

/** The priority that a task gets that asks for this one. */
export function cappedPriority(asked: Priority, ceiling: Priority | undefined): Priority {
  if (ceiling === undefined) return asked;
  return PRIORITIES.indexOf(asked) < PRIORITIES.indexOf(ceiling) ? ceiling : asked;
}

/** With the priority that the namespace allows at most. */
export function cappedSpec(spec: TaskSpec, ceiling: Priority | undefined): TaskSpec {
  const priority = cappedPriority(spec.priority, ceiling);
  return priority === spec.priority ? spec : { ...spec, priority };
}

/** Keys come from users, and may be called like something that every object has. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

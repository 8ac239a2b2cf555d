/**
 * Every Redis key of the system. They are built here and nowhere else.
 * All keys of a shard carry its hash tag `{s<n>}`, so that one script may touch them in a cluster.
 */
export const keys = {
  /** Hash: shards, format. A start with other values is refused. */
  meta: () => 'ms:meta',

  /** Hash: owner, epoch, leaseUntil (ms of the Redis clock). */
  schedulerLease: () => 'ms:{scheduler}:lease',
  /** Sorted set, all of one score: names of schedules, each behind its namespace and a slash. Beside the lease, so that one script checks its epoch. */
  schedules: () => 'ms:{scheduler}:schedules',
  /** Sorted set: the same names by when there is something to do, ms. */
  schedulesDue: () => 'ms:{scheduler}:schedules-due',
  /** Number: every change of a schedule gets the next one. */
  scheduleRevisions: () => 'ms:{scheduler}:schedule-revisions',
  /** Hash: head, workflow, state, rev. */
  schedule: (namespace: string, name: string) => `ms:{scheduler}:schedule:${namespace}/${name}`,
  regionLease: (region: string) => `ms:{r:${region}}:lease`,
  /** Hash: swarms that an operator has cordoned or drained, with the reason. */
  cordons: (region: string) => `ms:{r:${region}}:cordons`,
  /** Set: regions that have or had cordons, to find that of a swarm which is gone. */
  cordonedRegions: () => 'ms:{regions}:cordoned',

  /** Sorted set, all of one score: names of definitions, each behind its namespace and a slash. */
  definitions: () => 'ms:{definitions}:names',
  /** Hash: the newest version that each name has had, also those that were deleted: a version is never used again. */
  definitionVersions: () => 'ms:{definitions}:versions',
  /** Hash: hash of the newest body; head and body, JSON, of each version. */
  definition: (namespace: string, name: string) => `ms:{definitions}:d:${namespace}/${name}`,

  /** Hash: settings of namespaces, JSON by name. */
  namespaces: () => 'ms:{namespaces}:settings',

  /** Hash: what load-balancers have learned, by type and class; each begins with how many attempts it rests on. */
  learned: () => 'ms:{learning}:pairs',
  /** Hash: revision, frozenAtMs, pausedMs. */
  learningControl: () => 'ms:{learning}:control',
  /** List: commands, JSON, newest first. */
  learningCommands: () => 'ms:{learning}:commands',

  /** Hash: registered endpoints by id, each its revision, instance, times and registration. Number: every change of one gets the next. */
  endpoints: () => 'ms:{endpoints}:registered',
  endpointRevisions: () => 'ms:{endpoints}:revisions',
  /** Hashes: what operators have forced, JSON by swarm; maintenance windows, JSON by id. */
  healthForced: () => 'ms:{health}:forced',
  healthWindows: () => 'ms:{health}:windows',
  /** Number: every change of these gets the next one. List: what operators have done, newest first, each its revision and JSON. */
  healthRevision: () => 'ms:{health}:revision',
  healthAudit: () => 'ms:{health}:audit',

  /** Hash: owner, epoch, leaseUntil, batchSeq. Lease and data share a slot, so that each commit checks the epoch where it writes. */
  shard: (shard: number) => `ms:{s${shard}}:shard`,
  /** Hash: tasks as they were first committed, JSON by id, without what is as it is for most. */
  specs: (shard: number) => `ms:{s${shard}}:specs`,
  /** Hash: what has become of tasks since then, JSON by id; nothing of those that have only waited. */
  states: (shard: number) => `ms:{s${shard}}:states`,
  /** Hash: spec, hash, state, progress. */
  workflow: (shard: number, id: string) => `ms:{s${shard}}:w:${id}`,
  /** Sorted sets, scored by creation: everything that lists show. */
  tasks: (shard: number) => `ms:{s${shard}}:tasks`,
  workflows: (shard: number) => `ms:{s${shard}}:workflows`,
  /** Set: tasks that a new owner has to know before it serves: placed ones, and all steps of active runs. */
  activeTasks: (shard: number) => `ms:{s${shard}}:active`,
  /** Sorted set: lone tasks that wait, by the order in which they were submitted; a new owner streams them while it serves. */
  waitingTasks: (shard: number) => `ms:{s${shard}}:waiting`,
  activeWorkflows: (shard: number) => `ms:{s${shard}}:wactive`,
  /** Sorted set of roots scored by the time at which they expire. */
  ended: (shard: number) => `ms:{s${shard}}:ended`,
  /** Sorted set: dead letters by the time at which they ended. Hash: what lists and counts of them filter by, JSON by id. */
  deadLetters: (shard: number) => `ms:{s${shard}}:dead`,
  deadLetterFacts: (shard: number) => `ms:{s${shard}}:deadfacts`,
  /** Hash: ids of the payloads that a task refers to, separated by spaces, by the id of the task. */
  payloadRefs: (shard: number) => `ms:{s${shard}}:payloads`,
  /** Hash: ended tasks by terminal state. */
  counts: (shard: number) => `ms:{s${shard}}:counts`,
  /** String: a workflow on its way from the replica that accepted it to its shard's owner; too large for a message. */
  handover: (shard: number, id: string) => `ms:{s${shard}}:handover:${id}`,
  /** List of events of one root, oldest first, without those that the record of a lone task tells. */
  history: (shard: number, root: string) => `ms:{s${shard}}:h:${root}`,
  /** Stream: batches of events not yet acknowledged by JetStream. */
  outbox: (shard: number) => `ms:{s${shard}}:outbox`,
} as const;

import {
  RetryPolicy,
  type Event,
  type Explanation,
  type Swarm,
  type Task,
  type TaskState,
  type Workflow,
} from '@multiswarm/contracts';

const AT = '2026-01-01T00:00:00.000Z';

/** A task as the orchestrator answers it. */
export function task(id: string, state: TaskState, more: Partial<Task> = {}): Task {
  return {
    id,
    type: 'echo',
    namespace: 'default',
    state,
    stateSince: AT,
    createdAt: AT,
    priority: 'normal',
    input: {},
    requirements: {},
    retry: RetryPolicy.parse({}),
    timeouts: {},
    metadata: {},
    attempt: 1,
    attempts: [],
    cost: 0,
    usage: {},
    traceId: '0af7651916cd43dd8448eb211c80319c',
    ...more,
  };
}

/** Why a task waits, as the orchestrator answers it. */
export function explanation(id: string): Explanation {
  const { type, namespace, state, stateSince, priority, traceId } = task(id, 'queued');
  return {
    ...{ id, type, namespace, state, stateSince, priority, traceId, explainedAt: AT, cost: 0 },
    requirements: {},
    why: { reason: 'limit', since: AT, detail: 'limit "api" allows 1 at the same time', unmet: [] },
    next: [{ kind: 'deadline', at: AT, detail: 'it expires' }],
    tries: { attempts: 0, failures: 0, maxAttempts: 3, losses: 0, lossesAllowed: 5, refusals: 0 },
    attempts: [],
  };
}

export function workflow(id: string, state: Workflow['state'], more: Partial<Workflow> = {}): Workflow {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  return {
    id,
    namespace: 'default',
    state,
    createdAt: AT,
    steps: [],
    counts: {},
    cost: 0,
    metadata: {},
    traceId,
    ...more,
  };
}

export function event(root: string, seq: number, type: Event['type']): Event {
  return { v: 1, type, seq, at: 1_700_000_000_000 + seq, namespace: 'default', root, taskId: root };
}

export function swarm(swarmId: string, state: Swarm['state']): Swarm {
  return {
    ...{ swarmId, region: 'eu-west', slots: 4, types: ['*'], capabilities: [], labels: {}, attributes: {} },
    ...{ resources: {}, costPerHour: 0, state, busySlots: 0, freeSlots: 4, held: [], lastSeen: AT },
  };
}

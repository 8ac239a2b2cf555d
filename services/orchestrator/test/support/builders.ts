import {
  TaskSubmission,
  type AttemptDispatch,
  type Event,
  type Heartbeat,
  type Placement,
  type TaskSpec,
  type Waiting,
} from '@multiswarm/contracts';
import type { Meters } from '../../src/application/meters';
import { newTask, type TaskRecord } from '../../src/domain/task/record';
import type { RunRecord } from '../../src/domain/workflow/run';

export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A specification as the intake makes it, for what a test does not say. */
export function spec(given: Record<string, unknown> = {}): TaskSpec {
  const { idempotencyKey: _own, ...body } = TaskSubmission.parse({ type: 'build' });
  return { ...body, traceparent: TRACEPARENT, ...given };
}

export function queuedTask(id: string, given: Record<string, unknown> = {}, now = 0): TaskRecord {
  return newTask(id, spec(given), { blocked: false, order: now * 1_000 }, now).record;
}

export function placement(given: Partial<Placement> = {}): Placement {
  return {
    swarmId: 'a',
    region: 'eu-west',
    reservationId: 'r1',
    costPerSlotHour: 3.6,
    receipt: {
      policy: 'least-loaded',
      decidedAt: '2026-01-01T00:00:00.000Z',
      candidates: 1,
      feasible: 1,
      withFreeSlot: 1,
      rejected: [],
      ranked: [],
      because: 'it is the only one',
    },
    ...given,
  };
}

export function waiting(reason: Waiting['reason'] = 'no-slot'): Waiting {
  return { reason, since: '2026-01-01T00:00:00.000Z', detail: 'all slots are busy', unmet: [] };
}

export function heartbeat(given: Partial<Heartbeat> = {}): Heartbeat {
  return {
    v: 1,
    swarmId: 'a',
    region: 'eu-west',
    slots: 4,
    types: ['*'],
    capabilities: [],
    labels: {},
    attributes: {},
    resources: {},
    costPerHour: 4,
    instance: 'i1',
    seq: 1,
    sentAt: 0,
    intervalMs: 1_000,
    state: 'ready',
    held: [],
    resourcesUsed: {},
    ...given,
  };
}

export function dispatchOf(
  taskId: string,
  attempt = 1,
  given: Partial<AttemptDispatch> = {},
): AttemptDispatch {
  return {
    taskId,
    attempt,
    shard: 0,
    swarmId: 'a',
    type: 'build',
    namespace: 'default',
    priority: 'normal',
    input: {},
    resources: {},
    traceparent: TRACEPARENT,
    ...given,
  };
}

export function event(root: string, seq: number): Event {
  return { v: 1, type: 'task.queued', seq, at: 0, namespace: 'default', root, taskId: root };
}

/** A run whose step ids are also its task ids' tails. */
export function runOf(id: string, dependencies: Record<string, string[]>): RunRecord {
  return {
    id,
    state: 'running',
    createdAt: 0,
    spec: {
      namespace: 'default',
      steps: Object.entries(dependencies).map(([step, dependsOn]) => ({
        id: step,
        taskId: stepTaskId(step),
        type: 'build',
        dependsOn,
      })),
      metadata: {},
      traceparent: TRACEPARENT,
      bodyHash: 'hash',
    },
  };
}

export function stepTaskId(step: string): string {
  return `t0-${step.padStart(8, '0')}`;
}

export const noMeters: Meters = {
  committed: () => undefined,
  assigned: () => undefined,
  dispatched: () => undefined,
  lost: () => undefined,
  ended: () => undefined,
  schedules: { decided: () => undefined, late: () => undefined },
};

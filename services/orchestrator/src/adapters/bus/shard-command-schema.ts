import {
  CheckShardBody,
  ExportShardBody,
  ImportShardBody,
  isPlainSpec,
  Json,
  LIMITS,
  Millis,
  MultiswarmError,
  Namespace,
  quick,
  RecoverShardBody,
  Scalar,
  shardOf,
  Signal,
  RunStepId,
  Step,
  TaskId,
  TaskSpec,
  WorkflowId,
} from '@multiswarm/contracts';
import { z } from 'zod';
import type { NewRun, NewTask } from '../../application/intake';
import type { UserCommand } from '../../application/owner-commands';
import type { RunCommand } from '../../domain/workflow/run-command';
import type { DeadLetterCommand } from '../../domain/task/record';

/**
 * Most specifications were made by the intake of another replica, and are seen to be what they should by a look; but one that is
 * not would be stored as it is, and nobody could load its shard any more.
 */
const Spec = quick(TaskSpec, isPlainSpec) satisfies z.ZodType<NewTask['spec']>;
const order = z.number().int().nonnegative();

const NewTaskSchema = z.object({
  id: TaskId,
  shard: z.number().int().nonnegative(),
  keyed: z.boolean(),
  order,
  spec: Spec,
}) satisfies z.ZodType<NewTask>;

/** What nobody could load a run without. The rest of it passes through: it was made by the intake of another replica. */
const RunRecordSchema = z.object({
  id: WorkflowId,
  state: z.literal('running'),
  createdAt: Millis,
  spec: z.looseObject({
    name: z.string().optional(),
    namespace: Namespace,
    steps: z.array(
      z.looseObject({ id: RunStepId, taskId: TaskId, type: z.string(), dependsOn: z.array(RunStepId) }),
    ),
    metadata: z.record(z.string(), Scalar),
    traceparent: z.string(),
    idempotencyKey: z.string().optional(),
    bodyHash: z.string(),
  }),
});

/** A workflow, on its way to its owner. */
export const NewRunSchema = z.object({
  shard: z.number().int().nonnegative(),
  keyed: z.boolean(),
  record: RunRecordSchema,
  steps: z.array(z.object({ id: TaskId, order, spec: Spec })).max(LIMITS.RUN_STEPS),
  kept: z.record(z.string(), TaskId).optional(),
}) as z.ZodType<NewRun>; // with exact optional properties, which zod does not tell from undefined ones

const requestedBy = z.string().optional();
const wish = { reason: z.string(), requestedBy };

const TaskCommandSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cancel'), ...wish }),
  z.object({ kind: z.literal('pause'), ...wish }),
  z.object({ kind: z.literal('resume'), requestedBy }),
  z.object({ kind: z.literal('signal'), signal: Signal }),
  z.object({ kind: z.literal('retry'), requestedBy }),
]) satisfies z.ZodType<UserCommand>;

const AskedSchema = z.object({ requestedBy, reason: z.string().optional() });
const DeadLetterCommandSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('redrive'), key: z.string(), asked: AskedSchema }),
  z.object({ kind: z.literal('purge'), asked: AskedSchema, again: z.boolean().optional() }),
]) satisfies z.ZodType<DeadLetterCommand>;

const at = Millis;
const RunCommandSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cancel'), ...wish }),
  z.object({ kind: z.literal('pause'), ...wish }),
  z.object({ kind: z.literal('resume'), requestedBy }),
  z.object({
    ...{
      kind: z.literal('signal'),
      name: z.string(),
      payload: Json,
      step: RunStepId.optional(),
      requestedBy,
      at,
    },
  }),
  z.object({
    ...{ kind: z.literal('approve'), step: RunStepId, approved: z.boolean(), note: z.string().optional() },
    ...{ requestedBy, at },
  }),
  z.object({
    kind: z.literal('add-steps'),
    added: z.object({
      tasks: z.array(Step),
      dependencies: z.record(z.string(), z.array(z.string())),
      by: z.object({ taskId: TaskId, attempt: z.number().int().positive() }).optional(),
      asGiven: z.array(z.string().nullable()).optional(),
    }),
    requestedBy,
  }),
]) satisfies z.ZodType<RunCommand>;

/** Commands between replicas: from the one that a client spoke to, to the one that owns the shard. */
export const ShardCommand = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('submit-tasks'), tasks: z.array(NewTaskSchema) }),
  z.object({ v: z.literal(1), kind: z.literal('submit-run'), run: NewRunSchema }),
  z.object({ v: z.literal(1), kind: z.literal('take-run'), id: z.string() }),
  z.object({
    ...{ v: z.literal(1), kind: z.literal('command'), taskId: z.string(), command: TaskCommandSchema },
    again: z.boolean(),
  }),
  z.object({
    ...{ v: z.literal(1), kind: z.literal('dead-letters'), ids: z.array(z.string()) },
    command: DeadLetterCommandSchema,
  }),
  z.object({ v: z.literal(1), kind: z.literal('cancel-run'), id: z.string(), ...wish }),
  z.object({ v: z.literal(1), kind: z.literal('tell-run'), id: z.string(), command: RunCommandSchema }),
  z.object({ v: z.literal(1), kind: z.literal('check'), asked: CheckShardBody }),
  z.object({ v: z.literal(1), kind: z.literal('export'), asked: ExportShardBody }),
  z.object({ v: z.literal(1), kind: z.literal('import'), asked: ImportShardBody }),
  z.object({ v: z.literal(1), kind: z.literal('recover'), asked: RecoverShardBody }),
]);
export type ShardCommand = z.infer<typeof ShardCommand>;

/** @throws MultiswarmError `invalid-request` for ids of another shard: whoever asks for them later would look there */
export function checkShard(shard: number, ids: readonly string[]): void {
  const stranger = ids.find((id) => shardOf(id, shard + 1) !== shard);
  if (stranger === undefined) return;
  const message = `${stranger} is no id of shard ${shard}: send it to the owner of its own`;
  throw new MultiswarmError('invalid-request', message);
}

/** Of a run and of all its steps. */
export function idsOfRun({ record, steps }: NewRun): string[] {
  return [record.id, ...steps.map(({ id }) => id)];
}

import type { Bus } from '@multiswarm/bus';
import {
  MultiswarmError,
  ExplainRequest,
  ReportRequest,
  subjects,
  TaskSpec,
  type Problem,
} from '@multiswarm/contracts';
import { chunkByBytes, jsonBytes, type Cancel } from '@multiswarm/core';
import { z } from 'zod';
import type { OwnerCommands } from '../../application/gateway';
import type { OwnerFace } from '../../application/global-role';
import type { NewRun } from '../../application/intake';
import type { Scheduler } from '../../application/scheduler';
import type { Handover } from '../../ports';
import type { Admission, ShardOwner } from '../../application/shard-owner';
import { asShardFault } from './ports';

const NewTaskSchema = z.object({ id: z.string(), shard: z.number(), keyed: z.boolean(), spec: TaskSpec });
/** A run is made by our own intake on another replica of the same version; its record is passed through as it is. */
const NewRunSchema = z.object({
  shard: z.number(),
  keyed: z.boolean(),
  record: z.custom<NewRun['record']>((value) => typeof value === 'object' && value !== null),
  steps: z.array(z.object({ id: z.string(), spec: TaskSpec })),
});

/** Commands between replicas: from the one that a client spoke to, to the one that owns the shard. */
const ShardCommand = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('submit-tasks'), tasks: z.array(NewTaskSchema) }),
  z.object({ v: z.literal(1), kind: z.literal('submit-run'), run: NewRunSchema }),
  z.object({ v: z.literal(1), kind: z.literal('take-run'), id: z.string() }),
  z.object({ v: z.literal(1), kind: z.literal('cancel-task'), id: z.string(), reason: z.string() }),
  z.object({ v: z.literal(1), kind: z.literal('cancel-run'), id: z.string(), reason: z.string() }),
]);
type ShardCommand = z.infer<typeof ShardCommand>;

const AdmissionSchema = z.object({ id: z.string(), state: z.string(), duplicate: z.boolean() });
const TasksReply = z.array(
  z.union([
    z.object({ ok: AdmissionSchema }),
    z.object({ problem: z.custom<Problem>((value) => typeof value === 'object' && value !== null) }),
  ]),
);

const COMMAND_BYTES = 512 * 1024;

/** The local owner where this replica has it, else the one that listens on the shard's subject. */
export function ownerCommands(
  bus: Bus,
  handover: Handover,
  local: (shard: number) => ShardOwner | undefined,
): OwnerCommands {
  const send = async <S extends z.ZodType>(
    shard: number,
    command: ShardCommand,
    reply: S,
  ): Promise<z.output<S>> => {
    try {
      return await bus.request(subjects.shardCommand(shard), command, { reply });
    } catch (error) {
      throw asShardFault(error, shard);
    }
  };
  return {
    submitTasks: async (shard, tasks) => {
      const owner = local(shard);
      if (owner) return owner.submitTasks(tasks);
      const replies = [];
      for (const part of chunkByBytes(tasks, jsonBytes, { bytes: COMMAND_BYTES }))
        replies.push(...(await send(shard, { v: 1, kind: 'submit-tasks', tasks: part }, TasksReply)));
      return replies.map((reply) => ('ok' in reply ? reply.ok : MultiswarmError.fromProblem(reply.problem)));
    },
    submitRun: async (shard, run) => {
      const owner = local(shard);
      if (owner) return owner.submitRun(run);
      const text = JSON.stringify(run);
      if (Buffer.byteLength(text) <= COMMAND_BYTES) {
        return send(shard, { v: 1, kind: 'submit-run', run }, AdmissionSchema);
      }
      await handover.put(shard, run.record.id, text);
      return send(shard, { v: 1, kind: 'take-run', id: run.record.id }, AdmissionSchema);
    },
    cancelTask: async (shard, id, reason) => {
      await (local(shard)?.cancelTask(id, reason) ??
        send(shard, { v: 1, kind: 'cancel-task', id, reason }, z.null()));
    },
    cancelRun: async (shard, id, reason) => {
      await (local(shard)?.cancelRun(id, reason) ??
        send(shard, { v: 1, kind: 'cancel-run', id, reason }, z.null()));
    },
  };
}

/** The subjects that an owner, or the scheduler, listens on while it holds its lease. */
export function ownerFace(bus: Bus, handover: Handover): OwnerFace {
  return {
    connected: () => bus.connected,
    open: (owner: ShardOwner): Cancel => {
      const listening = [
        bus.respond(subjects.shardCommand(owner.shard), { request: ShardCommand }, (command) =>
          execute(owner, command, handover),
        ),
        bus.respond(subjects.shardReport(owner.shard), { request: ReportRequest }, async ({ reports }) => ({
          v: 1,
          acks: await owner.report(reports),
        })),
      ];
      return () => listening.forEach((each) => each.stop());
    },
    openScheduler: (scheduler: Scheduler): Cancel => {
      const listening = bus.respond(
        subjects.schedulerExplain(),
        { request: ExplainRequest },
        async ({ taskIds }) => ({
          v: 1,
          waiting: await scheduler.explain(taskIds),
          queued: scheduler.queued,
        }),
      );
      return () => listening.stop();
    },
  };
}

async function execute(owner: ShardOwner, command: ShardCommand, handover: Handover): Promise<unknown> {
  switch (command.kind) {
    case 'submit-tasks': {
      const answers = await owner.submitTasks(command.tasks);
      return answers.map((answer: Admission | MultiswarmError) =>
        answer instanceof MultiswarmError ? { problem: answer.toProblem() } : { ok: answer },
      );
    }
    case 'submit-run':
      return owner.submitRun(command.run);
    case 'take-run': {
      const text = await handover.take(owner.shard, command.id);
      if (text === undefined)
        throw new MultiswarmError('timeout', `${command.id} was not handed over in time`);
      return owner.submitRun(NewRunSchema.parse(JSON.parse(text)));
    }
    case 'cancel-task':
      await owner.cancelTask(command.id, command.reason);
      return null;
    case 'cancel-run':
      await owner.cancelRun(command.id, command.reason);
      return null;
  }
}

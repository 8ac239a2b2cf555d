import type { Bus } from '@multiswarm/bus';
import {
  DeadLetterResult,
  GrantRequest,
  MultiswarmError,
  parseOrThrow,
  RecoverShardReply,
  ShardCheckReport,
  ShardExportPart,
  ShardImportReply,
  subjects,
  type Problem,
} from '@multiswarm/contracts';
import { chunkByBytes, jsonBytes, type Cancel } from '@multiswarm/core';
import { z } from 'zod';
import type { OwnerCommands } from '../../application/gateway';
import type { OwnerFace } from '../../application/global-role';
import type { GrantGate } from '../../application/grant-gate';
import type { NewRun } from '../../application/intake';
import type { ReportDesk } from '../../application/report-desk';
import type { Admission } from '../../application/admissions';
import type { ShardOwner } from '../../application/shard-owner';
import type { Upkeep } from '../../application/upkeep';
import type { Handover } from '../../ports';
import { asShardFault } from './ports';
import { openSearches } from './shard-searches';
import { QuickReportRequest } from './quick-reports';
import { checkShard, idsOfRun, NewRunSchema, ShardCommand } from './shard-command-schema';

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
  upkeep: Upkeep,
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
    command: async (shard, taskId, command, again) => {
      await (local(shard)?.command(taskId, command, again) ??
        send(shard, { v: 1, kind: 'command', taskId, command, again }, z.null()));
    },
    settleDeadLetters: async (shard, ids, command) =>
      local(shard)?.settleDeadLetters(ids, command) ??
      send(shard, { v: 1, kind: 'dead-letters', ids: [...ids], command }, z.array(DeadLetterResult)),
    tellRun: async (shard, id, command) => {
      await (local(shard)?.tellRun(id, command) ??
        send(shard, { v: 1, kind: 'tell-run', id, command }, z.null()));
    },
    check: async (shard, asked) => {
      const owner = local(shard);
      if (owner) return upkeep.checks.check(owner, asked);
      return send(shard, { v: 1, kind: 'check', asked }, ShardCheckReport);
    },
    export: async (shard, asked) => {
      const owner = local(shard);
      if (owner) return upkeep.copies.export(owner, asked);
      return send(shard, { v: 1, kind: 'export', asked }, ShardExportPart);
    },
    import: async (shard, asked) => {
      const owner = local(shard);
      if (owner) return upkeep.copies.import(owner, asked);
      return send(shard, { v: 1, kind: 'import', asked }, ShardImportReply);
    },
    recover: async (shard, asked) => {
      const owner = local(shard);
      if (owner) return upkeep.copies.recover(owner, asked);
      return send(shard, { v: 1, kind: 'recover', asked }, RecoverShardReply);
    },
  };
}

/** The subjects that an owner listens on while it holds its lease, and the one for the reports of all shards of a replica. */
export function ownerFace(bus: Bus, handover: Handover, upkeep: Upkeep): OwnerFace {
  const reports = (subject: string, desk: ReportDesk) =>
    bus.respond(subject, { request: QuickReportRequest }, (request) => desk.handle(request));
  return {
    open: (owner: ShardOwner, gate: GrantGate, desk: ReportDesk): Cancel => {
      const listening = [
        bus.respond(subjects.shardCommand(owner.shard), { request: ShardCommand }, (command) =>
          execute(owner, command, handover, upkeep),
        ),
        reports(subjects.shardReport(owner.shard), desk),
        openSearches(bus, owner),
        bus.respond(subjects.shardGrant(owner.shard), { request: GrantRequest }, async (request) => ({
          v: 1,
          refused: await gate.grant(request),
        })),
      ];
      return () => listening.forEach((each) => each.stop());
    },
    openReplica: (replica, desk): Cancel => {
      const listening = reports(subjects.replicaReport(replica), desk);
      return () => listening.stop();
    },
  };
}

async function execute(
  owner: ShardOwner,
  command: ShardCommand,
  handover: Handover,
  upkeep: Upkeep,
): Promise<unknown> {
  switch (command.kind) {
    case 'submit-tasks': {
      checkShard(
        owner.shard,
        command.tasks.map(({ id }) => id),
      );
      const answers = await owner.submitTasks(command.tasks.map(asRepeated));
      return answers.map((answer: Admission | MultiswarmError) =>
        answer instanceof MultiswarmError ? { problem: answer.toProblem() } : { ok: answer },
      );
    }
    case 'submit-run':
      return submitRun(owner, command.run);
    case 'take-run': {
      const text = await handover.take(owner.shard, command.id);
      if (text === undefined)
        throw new MultiswarmError('timeout', `${command.id} was not handed over in time`);
      return submitRun(owner, parseOrThrow(NewRunSchema, JSON.parse(text)));
    }
    case 'command':
      await owner.command(command.taskId, command.command, command.again);
      return null;
    case 'dead-letters':
      return owner.settleDeadLetters(command.ids, command.command);
    case 'cancel-run': // of a replica that has no other command for runs
      await owner.tellRun(command.id, { ...command, kind: 'cancel' });
      return null;
    case 'tell-run':
      await owner.tellRun(command.id, command.command);
      return null;
    case 'check':
      return upkeep.checks.check(owner, command.asked);
    case 'export':
      return upkeep.copies.export(owner, command.asked);
    case 'import':
      return upkeep.copies.import(owner, command.asked);
    case 'recover':
      return upkeep.copies.recover(owner, command.asked);
  }
}

function submitRun(owner: ShardOwner, run: NewRun): Promise<Admission> {
  checkShard(owner.shard, idsOfRun(run));
  return owner.submitRun(asRepeated(run));
}

/**
 * What comes over the bus may be the first try of a gateway that has lost its connection meanwhile, and has made and seen the
 * end of the task by another way: the owner has to look before it makes it again.
 */
function asRepeated<T extends { keyed: boolean }>(item: T): T {
  return { ...item, keyed: true };
}

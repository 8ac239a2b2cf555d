import { Millis, TaskSpec, TaskState, type JsonValue } from '@multiswarm/contracts';
import { z } from 'zod';
import type { CopyCodec } from '../../application/copy/shard-import';
import { decodeRun } from './run-codec';
import { decodeTask } from './task-codec';

const count = z.number().int().nonnegative();
/** What has to hold of a record, or nobody could load its shard any more. */
const Record = z.looseObject({
  spec: TaskSpec,
  state: TaskState,
  since: Millis,
  createdAt: Millis,
  order: count,
  events: count,
  attempt: count,
  failures: count,
  losses: count,
  attempts: z.array(z.looseObject({ attempt: count, swarmId: z.string(), region: z.string() })),
});
const Run = z.looseObject({
  spec: z.looseObject({
    namespace: z.string(),
    steps: z.array(
      z.looseObject({ id: z.string(), taskId: z.string(), type: z.string(), dependsOn: z.array(z.string()) }),
    ),
  }),
  state: z.string(),
  createdAt: Millis,
});
const Progress = z.looseObject({ counts: z.record(z.string(), count), cost: z.number(), events: count });

/** Records as they are stored, which is how they are copied. */
export const copyCodec: CopyCodec = {
  task: (id, spec, state) => {
    const record = decodeTask(id, text(spec), state === undefined ? undefined : text(state));
    if (!record) throw new Error(`${id} has no record`);
    Record.parse(record);
    return record;
  },
  run: (id, spec, state, progress) => {
    const found = decodeRun(id, { spec: text(spec), state: text(state), progress: text(progress) });
    if (!found) throw new Error(`${id} has no record`);
    Run.parse(found.run);
    Progress.parse(found.progress);
    return found;
  },
};

function text(value: JsonValue): string {
  return JSON.stringify(value);
}

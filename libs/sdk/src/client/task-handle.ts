import { parseOrThrow, type Task, type Event, type JsonValue } from '@multiswarm/contracts';
import type { z } from 'zod';
import { TaskFailedError } from '../errors';
import { OPERATIONS } from './operations';
import type { Port } from './port';
import { RunHandle, type RunKind } from './run-handle';
import type { TaskHandle, WaitOptions } from './types';

const LAST: ReadonlySet<string> = new Set([
  'task.succeeded',
  'task.failed',
  'task.cancelled',
  'task.skipped',
]);

const TASK: RunKind<typeof Task> = {
  get: OPERATIONS.getTask,
  cancel: OPERATIONS.cancelTask,
  events: OPERATIONS.taskEvents,
  isLast: ({ type, taskId, root }: Event, id) => LAST.has(type) && (taskId ?? root) === id,
};

export class SubmittedTask<Out extends z.ZodType>
  extends RunHandle<typeof Task>
  implements TaskHandle<z.output<Out>>
{
  constructor(
    port: Port,
    id: string,
    duplicate: boolean,
    private readonly schema: Out | undefined,
  ) {
    super(port, TASK, id, duplicate);
  }

  async result(options: WaitOptions = {}): Promise<z.output<Out>> {
    const task = await this.end(options);
    if (task.state !== 'succeeded') throw new TaskFailedError(task);
    const output: JsonValue = task.output ?? null;
    // Without a schema the output is any JSON, which is what the type of a definition without one says.
    return this.schema ? parseOrThrow(this.schema, output) : (output as z.output<Out>);
  }
}

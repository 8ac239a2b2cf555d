import type { Task } from '@multiswarm/contracts';
import type { GlobalOptions } from '../command';
import { EXIT } from '../faults';
import { interruptible } from '../interruption';
import type { Io } from '../io';
import { sayWhyTaskWaits } from '../waiting-reasons';
import { awaitEnd } from './await-end';
import type { HttpApi } from './http-api';
import { paths } from './paths';

/** Waits for the end of a task, across restarts of the service, and says on stderr what a task that is not placed waits for. */
export function waitForTask(api: HttpApi, id: string, global: GlobalOptions, io: Io): Promise<Task> {
  return interruptible(io, `the task goes on: swarmctl task get ${id}`, async (signal) => {
    const over = new AbortController();
    const saying = sayWhyTaskWaits(api, id, io, AbortSignal.any([over.signal, signal]));
    try {
      return await awaitEnd<Task>(api, paths.task(id), io, {
        timeoutMs: global.timeoutMs,
        signal,
        onReachable: (reachable) => sayReachable(io, api, reachable),
      });
    } finally {
      over.abort();
      await saying;
    }
  });
}

export function sayReachable(io: Io, api: HttpApi, reachable: boolean): void {
  io.stderr.write(reachable ? `${api.url} answers again\n` : `${api.url} does not answer; trying again\n`);
}

/** 0 when the work was done, 1 with a sentence on stderr when it was not. */
export function exitOfTask(task: Task, io: Io): number {
  if (task.state === 'succeeded') return EXIT.ok;
  io.stderr.write(
    `error: task ${task.id} ${task.state}${task.error ? `: ${task.error.message} (${task.error.code})` : ''}\n`,
  );
  return EXIT.workFailed;
}

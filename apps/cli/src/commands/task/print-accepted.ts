import type { Accepted } from '@multiswarm/contracts';
import type { HttpApi } from '../../api/http-api';
import { exitOfTask, waitForTask } from '../../api/wait-for-task';
import type { GlobalOptions } from '../../command';
import { EXIT } from '../../faults';
import type { Io } from '../../io';
import { Printer } from '../../output/printer';
import { acceptedView } from '../../views/accepted';
import { taskWithHistoryView } from '../../views/task';

/** Prints the task that was accepted, or, with `wait`, names it at once and prints what became of it. */
export async function printAccepted(
  api: HttpApi,
  accepted: Accepted,
  wait: boolean,
  global: GlobalOptions,
  io: Io,
): Promise<number> {
  const printer = new Printer(io, global.format);
  if (accepted.duplicate) io.stderr.write(`${accepted.id} was submitted before under this idempotency key\n`);
  if (!wait) {
    printer.one(acceptedView, accepted);
    return EXIT.ok;
  }
  io.stderr.write(`task ${accepted.id}\n`);
  const task = await waitForTask(api, accepted.id, global, io);
  printer.one(taskWithHistoryView([]), task);
  return exitOfTask(task, io);
}

import type { Task } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths, type TaskVerb } from '../../api/paths';
import type { Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { taskView } from '../../views/task';

/** Tells a task something, and prints it as it is then. */
export async function tell(
  verb: TaskVerb,
  { args, global, io }: Pick<Invocation, 'args' | 'global' | 'io'>,
  body: object,
): Promise<number> {
  const task = await new HttpApi(global.url).post<Task>(paths.taskControl(args[0] ?? '', verb), body);
  new Printer(io, global.format).one(taskView, task);
  return EXIT.ok;
}

import type { Workflow } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths, type WorkflowVerb } from '../../api/paths';
import type { Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { workflowListView } from '../../views/workflow';

/** Tells a run something, and prints it as it is then. */
export async function tell(
  verb: WorkflowVerb,
  { args, global, io }: Pick<Invocation, 'args' | 'global' | 'io'>,
  body: object,
): Promise<number> {
  const run = await new HttpApi(global.url).post<Workflow>(paths.workflowControl(args[0] ?? '', verb), body);
  new Printer(io, global.format).one(workflowListView, run);
  return EXIT.ok;
}

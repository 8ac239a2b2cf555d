import type { Accepted, Workflow } from '@multiswarm/contracts';
import type { HttpApi } from '../../api/http-api';
import type { GlobalOptions } from '../../command';
import { EXIT } from '../../faults';
import { followWorkflow } from '../../follow-workflow';
import { interruptible } from '../../interruption';
import type { Io } from '../../io';
import { Printer } from '../../output/printer';
import { acceptedView } from '../../views/accepted';
import { workflowView } from '../../views/workflow';

/** Prints the run that was accepted, or, with `wait`, names it at once and shows its steps until its end. */
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
  io.stderr.write(`workflow ${accepted.id}\n`);
  const ended = await interruptible(
    io,
    `the workflow goes on: swarmctl workflow get ${accepted.id}`,
    (signal) => followWorkflow(api, accepted.id, io, { timeoutMs: global.timeoutMs, signal }),
  );
  printer.one(workflowView, ended);
  return exitOfWorkflow(ended, io);
}

/** 0 when the work was done, 1 with a sentence on stderr when it was not. */
export function exitOfWorkflow({ id, state, error }: Workflow, io: Io): number {
  if (state === 'succeeded') return EXIT.ok;
  io.stderr.write(`error: workflow ${id} ${state}${error ? `: ${error.message} (${error.code})` : ''}\n`);
  return EXIT.workFailed;
}

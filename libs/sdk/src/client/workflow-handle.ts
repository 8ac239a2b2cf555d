import { type Workflow, type Event, type JsonValue } from '@multiswarm/contracts';
import { WorkflowFailedError } from '../errors';
import { OPERATIONS } from './operations';
import { payloadValue } from './payloads';
import type { Port } from './port';
import { RunHandle, type RunKind } from './run-handle';
import type { WaitOptions, WorkflowHandle } from './types';

const LAST: ReadonlySet<string> = new Set(['workflow.succeeded', 'workflow.failed', 'workflow.cancelled']);

const WORKFLOW: RunKind<typeof Workflow> = {
  get: OPERATIONS.getWorkflow,
  cancel: OPERATIONS.cancelWorkflow,
  events: OPERATIONS.workflowEvents,
  isLast: ({ type, root }: Event, id) => LAST.has(type) && root === id,
};

export class SubmittedWorkflow<Output = Record<string, JsonValue>>
  extends RunHandle<typeof Workflow>
  implements WorkflowHandle<Output>
{
  constructor(port: Port, id: string, duplicate: boolean) {
    super(port, WORKFLOW, id, duplicate);
  }

  async result(options: WaitOptions = {}): Promise<Output> {
    const workflow = await this.end(options);
    if (workflow.state !== 'succeeded') throw new WorkflowFailedError(workflow);
    const output = { ...workflow.output };
    for (const [step, ref] of Object.entries(workflow.outputRefs ?? {}))
      output[step] = await payloadValue(this.port, ref, options.signal);
    return output as Output; // what it is says the type of the workflow; swarms check what they bring
  }
}

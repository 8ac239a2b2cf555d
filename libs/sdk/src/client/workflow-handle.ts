import { type Workflow, type Event, type JsonValue } from '@multiswarm/contracts';
import { WorkflowFailedError } from '../errors';
import { OPERATIONS } from './operations';
import { lightenedSteps, mayBeLarge, payloadValue, storeOf } from './payloads';
import { printJson, type Port } from './port';
import { RunHandle, type RunKind } from './run-handle';
import { toWorkflow } from './submission';
import { withAllSteps } from './workflow-steps';
import type {
  AddedSteps,
  ApprovalAnswer,
  AskedBy,
  ControlReceipt,
  WaitOptions,
  WorkflowDocument,
  WorkflowHandle,
  WorkflowRerunOptions,
} from './types';

const LAST: ReadonlySet<string> = new Set(['workflow.succeeded', 'workflow.failed', 'workflow.cancelled']);

const WORKFLOW: RunKind<typeof Workflow> = {
  get: OPERATIONS.getWorkflow,
  ofEnd: { resultOnly: true },
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

  override async get(): Promise<Workflow> {
    return withAllSteps(this.port, await super.get());
  }

  async result(options: WaitOptions = {}): Promise<Output> {
    const workflow = await this.end(options);
    if (workflow.state !== 'succeeded')
      throw new WorkflowFailedError(await withAllSteps(this.port, workflow));
    const output = { ...workflow.output };
    for (const [step, ref] of Object.entries(workflow.outputRefs ?? {}))
      output[step] = await payloadValue(this.port, ref, options.signal);
    return output as Output; // what it is says the type of the workflow; swarms check what they bring
  }

  pause(reason?: string, by?: AskedBy): Promise<ControlReceipt> {
    const asked = { ...this.port.by(by), ...(reason === undefined ? {} : { reason }) };
    return this.port.ask(OPERATIONS.pauseWorkflow, { id: this.id, ...asked });
  }

  resume(by?: AskedBy): Promise<ControlReceipt> {
    return this.port.ask(OPERATIONS.resumeWorkflow, { id: this.id, ...this.port.by(by) });
  }

  signal(
    name: string,
    payload?: JsonValue,
    { step, ...by }: { step?: string } & AskedBy = {},
  ): Promise<ControlReceipt> {
    const told = {
      name,
      ...(payload === undefined ? {} : { payload }),
      ...(step === undefined ? {} : { step }),
    };
    return this.port.ask(OPERATIONS.signalWorkflow, { id: this.id, ...this.port.by(by), ...told });
  }

  approve(step: string, answer?: ApprovalAnswer): Promise<ControlReceipt> {
    return this.answer(step, true, answer);
  }

  reject(step: string, answer?: ApprovalAnswer): Promise<ControlReceipt> {
    return this.answer(step, false, answer);
  }

  async addSteps(steps: AddedSteps | WorkflowDocument, by?: AskedBy): Promise<ControlReceipt> {
    const fields = { ...this.port.by(by), ...toWorkflow(steps) };
    if (!mayBeLarge(printJson(fields))) return this.port.ask(OPERATIONS.addSteps, { ...fields, id: this.id });
    // A payload belongs to the namespace of those who read it.
    const { namespace } = await this.get();
    const { namespace: _of, ...light } = await lightenedSteps(storeOf(this.port), { ...fields, namespace });
    return this.port.ask(OPERATIONS.addSteps, { ...light, id: this.id });
  }

  async rerun({
    idempotencyKey = this.port.ids.next(),
    from,
    input,
    ...by
  }: WorkflowRerunOptions = {}): Promise<SubmittedWorkflow<Output>> {
    const asked = {
      ...this.port.by(by),
      ...(from === undefined ? {} : { from }),
      ...(input === undefined ? {} : { input }),
    };
    const { id, duplicate } = await this.port.ask(OPERATIONS.rerunWorkflow, {
      ...{ id: this.id, idempotencyKey },
      ...asked,
    });
    return new SubmittedWorkflow<Output>(this.port, id, duplicate);
  }

  /** A repetition of the answer that a step has is none: what got lost may be asked again. */
  private answer(
    step: string,
    approved: boolean,
    { note, ...by }: ApprovalAnswer = {},
  ): Promise<ControlReceipt> {
    const answer = { step, approved, ...(note === undefined ? {} : { note }) };
    return this.port.ask(OPERATIONS.approveStep, { id: this.id, ...this.port.by(by), ...answer });
  }
}

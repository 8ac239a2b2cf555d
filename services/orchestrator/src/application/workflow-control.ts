import {
  MultiswarmError,
  type Accepted,
  type AddStepsRequest,
  type ApproveRequest,
  type CancelRequest,
  type PauseRequest,
  type RerunWorkflowRequest,
  type ResumeRequest,
  type SignalWorkflowRequest,
  type Workflow,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { z } from 'zod';
import { answerIn, checkRepeated } from '../domain/workflow/approval';
import type { RunCommand } from '../domain/workflow/run-command';
import type { Gateway } from './gateway';
import type { Earlier } from './intake';
import type { Reads } from './reads';
import { checkSignal } from './task-control';

type Of<S extends z.ZodType> = z.output<S> & { id: string };

/** What people, and agents, want of a run, on any replica: the answer is the run as it is then. */
export class WorkflowControl {
  constructor(
    private readonly gateway: Pick<Gateway, 'tellWorkflow' | 'addSteps' | 'forkWorkflow'>,
    private readonly reads: Pick<Reads, 'workflow' | 'task' | 'earlierRun'>,
    private readonly clock: Clock,
  ) {}

  cancel({ id, reason, requestedBy }: Of<typeof CancelRequest>): Promise<Workflow> {
    return this.tell(id, { kind: 'cancel', reason, requestedBy });
  }

  pause({ id, reason, requestedBy }: Of<typeof PauseRequest>): Promise<Workflow> {
    return this.tell(id, { kind: 'pause', reason, requestedBy });
  }

  resume({ id, requestedBy }: Of<typeof ResumeRequest>): Promise<Workflow> {
    return this.tell(id, { kind: 'resume', requestedBy });
  }

  /** @throws MultiswarmError `body-too-large` */
  signal({ id, ...signal }: Of<typeof SignalWorkflowRequest>): Promise<Workflow> {
    checkSignal(signal.payload);
    return this.tell(id, { kind: 'signal', ...signal, at: this.clock.now() });
  }

  /**
   * Also where the run has ended since: the same answer of the same person is answered like the first time.
   * @throws MultiswarmError `step-not-found`, `approval-not-allowed`, `wrong-state` where it has another answer, or none and has ended
   */
  async approve({ id, ...answer }: Of<typeof ApproveRequest>): Promise<Workflow> {
    try {
      return await this.tell(id, { kind: 'approve', ...answer, at: this.clock.now() });
    } catch (error) {
      if (!(error instanceof MultiswarmError) || error.code !== 'wrong-state') throw error;
      const run = await this.reads.workflow(id, 0);
      const step = run.steps.find((each) => each.id === answer.step);
      if (run.state === 'running' || step?.control !== 'approval') throw error;
      const before = answerIn((await this.reads.task(step.taskId, 0)).output);
      if (!before) throw error;
      checkRepeated(step.id, before, { approved: answer.approved, by: answer.requestedBy ?? null });
      return run;
    }
  }

  /** @throws MultiswarmError `workflow-not-found`, `invalid-workflow` with every finding, `wrong-state` where it comes to its end */
  async addSteps({ id, requestedBy, ...added }: Of<typeof AddStepsRequest>): Promise<Workflow> {
    const { namespace } = await this.reads.workflow(id, 0);
    await this.gateway.addSteps(id, namespace, added, requestedBy);
    return this.reads.workflow(id, 0);
  }

  /** @throws MultiswarmError `workflow-not-found`, `step-not-found` */
  async rerun(
    { id, ...asked }: RerunWorkflowRequest & { id: string },
    traceparent: string,
  ): Promise<Accepted> {
    const { from } = asked;
    const earlier: Earlier = await this.reads.earlierRun(
      id,
      from && 'event' in from ? from.event : undefined,
    );
    return this.gateway.forkWorkflow(earlier, asked, traceparent);
  }

  /** @throws MultiswarmError `workflow-not-found` before anything is told */
  private async tell(id: string, command: RunCommand): Promise<Workflow> {
    await this.reads.workflow(id, 0);
    await this.gateway.tellWorkflow(id, command);
    return this.reads.workflow(id, 0);
  }
}

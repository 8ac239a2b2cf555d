import type { AttemptDispatch, Signal } from '@multiswarm/contracts';
import type { Logger } from '@multiswarm/telemetry';
import type { AddedSteps, WorkflowDocument } from '../client/types';
import type { SignalHandler, SwarmMessages, TaskContext } from './types';

/** What an attempt does for its handler. */
export interface ContextSource {
  readonly dispatch: AttemptDispatch;
  readonly swarm: TaskContext['swarm'];
  readonly traceparent: string;
  readonly messages: Pick<SwarmMessages, 'send' | 'broadcast'>;
  /** Made when they are asked for: most handlers never do. */
  readonly signal: AbortSignal;
  readonly handlerLog: Logger;
  readonly signals: readonly Signal[];
  addUsage(spent: { inputTokens?: number; outputTokens?: number }): void;
  progress(fraction: number | undefined, message: string | undefined): void;
  output(part: unknown): void;
  heartbeat(): void;
  onSignal(name: string, handler: SignalHandler): () => void;
  addSteps(steps: AddedSteps | WorkflowDocument): Promise<void>;
}

/**
 * What a handler gets. `signal`, `log` and `signals` are worked out when they are read, but are properties of the object
 * itself, so that a handler may take it apart or spread it.
 */
export class AttemptContext implements TaskContext {
  declare readonly signal: AbortSignal;
  declare readonly log: Logger;
  declare readonly signals: readonly Signal[];
  readonly task: TaskContext['task'];
  readonly swarm: TaskContext['swarm'];
  readonly traceparent: string;
  readonly messages: TaskContext['messages'];
  readonly usage: TaskContext['usage'];
  readonly progress: TaskContext['progress'];
  readonly output: TaskContext['output'];
  readonly heartbeat: TaskContext['heartbeat'];
  readonly onSignal: TaskContext['onSignal'];
  readonly addSteps: TaskContext['addSteps'];
  readonly #source: ContextSource;

  constructor(source: ContextSource) {
    this.#source = source;
    this.task = taskOf(source.dispatch);
    this.swarm = source.swarm;
    this.traceparent = source.traceparent;
    this.messages = source.messages;
    this.usage = (spent) => source.addUsage(spent);
    this.progress = (fraction, message) => source.progress(fraction, message);
    this.output = (part) => source.output(part);
    this.heartbeat = () => source.heartbeat();
    this.onSignal = (name, handler) => source.onSignal(name, handler);
    this.addSteps = (steps) => source.addSteps(steps);
    Object.defineProperty(this, 'signal', SIGNAL);
    Object.defineProperty(this, 'log', LOG);
    Object.defineProperty(this, 'signals', SIGNALS);
  }

  static source(context: AttemptContext): ContextSource {
    return context.#source;
  }
}

// One set of accessors for all contexts: accessors of its own would cost each attempt more than all the rest here.
const SIGNAL = accessor(({ signal }) => signal);
const LOG = accessor(({ handlerLog }) => handlerLog);
const SIGNALS = accessor(({ signals }) => signals);

function accessor(read: (source: ContextSource) => unknown): PropertyDescriptor & ThisType<AttemptContext> {
  return {
    enumerable: true,
    get() {
      return read(AttemptContext.source(this));
    },
  };
}

function taskOf(dispatch: AttemptDispatch): TaskContext['task'] {
  const { taskId: id, attempt, type, namespace, priority, workflowId, step } = dispatch;
  if (workflowId === undefined && step === undefined) return { id, attempt, type, namespace, priority };
  return {
    ...{ id, attempt, type, namespace, priority },
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(step === undefined ? {} : { step }),
  };
}

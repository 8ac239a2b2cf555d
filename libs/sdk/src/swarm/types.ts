import type { Bus } from '@multiswarm/bus';
import type {
  JsonValue,
  MessageStatus,
  MessageSubmission,
  Priority,
  Resources,
  Scalar,
  Signal,
} from '@multiswarm/contracts';
import type { Clock, Ids, Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { z } from 'zod';
import type { AddedSteps, WorkflowDocument } from '../client/types';
import type {
  AnswerGiven,
  AnswerReceived,
  DataReceived,
  DataSent,
  MessageOf,
  MessageOrKind,
} from '../define-message';
import type { TaskDefinition } from '../define-task';
import type { Gathered } from './messages/answers';
import type { SwarmTopics } from './topics/types';
import type {
  BarriersClient,
  DirectoryClient,
  LeasesClient,
  OffersClient,
  ProposalsClient,
  SharedStateClient,
} from './sharing/types';

export interface SwarmOptions {
  /** Unique among all swarms: letters, digits, `_` and `-`. */
  id: string;
  region: string;
  /** Attempts that run at the same time. */
  slots: number;
  /** One NATS URL or several, separated by commas. Default `nats://127.0.0.1:4222`. */
  servers?: string;
  /** USD for the whole swarm; default 0. */
  costPerHour?: number;
  /** Its share beside others where the policy is `weighted`, more than 0; default 1. */
  weight?: number | undefined;
  /** What to advertise instead of the handled types; `*` for every type. */
  types?: readonly string[];
  capabilities?: readonly string[];
  /** The label `zone` names the part of the region in which it is: tasks can keep apart or spread over zones. */
  labels?: Readonly<Record<string, string>>;
  attributes?: Readonly<Record<string, Scalar | Scalar[]>>;
  /**
   * What all slots together have: `{ cpu: 8, gpu: { a100: 2 }, custom: { licences: 4 } }`. A resource that is not named here is one
   * that the swarm does not have.
   */
  resources?: Resources;
  /** The tenant whose messages this swarm sends and receives; default `default`. */
  namespace?: string;
  /** Default 2,000 ms, spread by 10 %. */
  heartbeatMs?: number;
  /** Default: JSON lines to stderr from level info on. */
  logger?: Logger;
  /** How long `drain()` lets running attempts go on before it aborts them; default 30,000 ms. */
  drainMs?: number;
  /** How long an aborted handler may take to return before its attempt is reported without it; default 5,000 ms. */
  graceMs?: number;
  /** How long `stop()` tries to deliver the last reports; default 5,000 ms. */
  flushMs?: number;
  /**
   * How long a handler may take for a message; one that has not returned by then has failed (`not-acknowledged`), and what is behind it in its
   * conversation goes on. Default 600,000 ms.
   */
  messageTimeoutMs?: number;
  /** SIGTERM and SIGINT drain the swarm and end the process with code 0; a second one ends it at once. Default true. */
  handleSignals?: boolean;
  /** A connection to use instead of opening one; it stays open when the swarm stops. */
  bus?: Bus;
  clock?: Clock;
  random?: Random;
  ids?: Ids;
}

/** What a handler is told about, and what it may say about, the attempt that it runs. */
export interface TaskContext {
  /**
   * Aborted when the task is cancelled, its time is over, it was silent for too long, a newer attempt took its place, or
   * the swarm has to go.
   */
  readonly signal: AbortSignal;
  readonly task: {
    readonly id: string;
    readonly attempt: number;
    readonly type: string;
    readonly namespace: string;
    readonly priority: Priority;
    readonly workflowId?: string;
    readonly step?: string;
  };
  readonly swarm: { readonly id: string; readonly region: string };
  /**
   * Every line carries the trace id of the task. From level info on, whoever watches the task reads it too (`swarmctl task logs`).
   */
  readonly log: Logger;
  /** W3C trace context, to pass on to whatever is called. */
  readonly traceparent: string;
  /** Messages to other swarms that continue the task's trace. */
  readonly messages: Pick<SwarmMessages, 'send' | 'broadcast'>;
  /** Tokens spent; several calls add up. */
  usage(spent: { inputTokens?: number; outputTokens?: number }): void;
  /**
   * How far the work is: a fraction from 0 to 1, a short text, or both. Call it as often as you like: one in a second is
   * sent, and always the last. It is a sign of life, as `heartbeat()` is.
   */
  progress(fraction?: number, message?: string): void;
  /**
   * A part of the output, for whoever watches while the task runs: words of a model, rows as they come. A text may be long, any other
   * value has at most 16 KiB. It counts for nothing: the output of the task is what the handler returns.
   */
  output(part: JsonValue): void;
  /** A sign of life. A handler that gives none for longer than the task's `heartbeatMs` is aborted. */
  heartbeat(): void;
  /** What the task was told from outside, oldest first. Those that come while it runs are added. */
  readonly signals: readonly Signal[];
  /**
   * Handles the signals of one name, those that came before this call too, one after the other.
   * Returns the function that removes the handler.
   */
  onSignal(name: string, handler: SignalHandler): () => void;
  /**
   * Adds steps to the run that this task is a step of: they wait for this step, unless their dependencies say otherwise. Each is added
   * once, by its id, also where an attempt after this one plans the same again. Throws `invalid-workflow` with every finding, and
   * `wrong-state` where this attempt is not current any more.
   */
  addSteps(steps: AddedSteps | WorkflowDocument): Promise<void>;
}

export type SignalHandler = (payload: JsonValue, signal: Signal) => void | Promise<void>;

export type TaskHandler<Input = JsonValue, Output = unknown> = (
  input: Input,
  ctx: TaskContext,
) => Output | Promise<Output>;

/** `cordoned`: told to take nothing new; `draining`: the same, or on its way to its own end. */
export type SwarmState = 'created' | 'ready' | 'cordoned' | 'draining' | 'stopped';

/**
 * A message to send. `to` is a swarm's id; `broadcast` reaches every other swarm of the namespace. `kind` is a name, or what
 * `defineMessage` has made, and says what `data` is; left out it is `{}`.
 */
export type OutgoingMessage<K extends MessageOrKind = string> = Omit<
  z.input<typeof MessageSubmission>,
  'from' | 'namespace' | 'kind' | 'data'
> & { kind: K } & DataField<DataSent<K>>;

type DataField<Data> = Record<string, never> extends Data ? { data?: Data } : { data: Data };

/** What is said of a message beside its recipients. */
type Addressed<K extends MessageOrKind> = Omit<OutgoingMessage, 'to' | 'kind' | 'data'> & {
  kind: K;
} & DataField<DataSent<K>>;

/** Handles a message. Where somebody waits for an answer, it is what the handler returns. */
export type MessageHandler<Data = JsonValue, Reply = unknown> = (
  message: MessageOf<Data>,
) => Reply | Promise<Reply> | void | Promise<void>;

/**
 * From the state of a conversation and a message to the next state. It may change the one that it is given and return it: where it throws, or does
 * not return, nothing of that is kept. The message is not to be changed.
 */
export type StateHandler<State = JsonValue, Data = JsonValue> = (
  state: State,
  message: MessageOf<Data>,
) => State | Promise<State>;

/** What is answered to a message that asks something, from the state that it has its effect in. */
export type StateAnswer<State = JsonValue, Data = JsonValue, Reply = JsonValue> = (
  state: State,
  message: MessageOf<Data>,
) => Reply;

export interface RequestOptions {
  /** How long an answer is waited for; default 30,000 ms. */
  timeoutMs?: number;
}

export type GatherOptions = RequestOptions;

/**
 * Messages between swarms, with the promise that the sender chooses (`qos`): `at-most-once` goes straight to the recipient and is lost
 * where nobody listens; `at-least-once` waits in the recipient's mailbox until a handler has returned, or becomes a dead letter;
 * `exactly-once` has one effect in the state that `onExactlyOnce` keeps.
 */
/** `publish` and `subscribe` are those of `swarm.topics`: a topic is one more way to speak, and stands beside the others. */
export interface SwarmMessages extends SwarmTopics {
  /**
   * Resolves when the message is on its way (`published`) or in the recipient's mailbox (`stored`). Throws `invalid-request` where the
   * data is none of its kind, `recipient-unknown`, `mailbox-full` (429: with the number of messages in it) or `bus-unavailable`.
   */
  send<const K extends MessageOrKind>(message: OutgoingMessage<K>): Promise<MessageStatus>;
  broadcast<const K extends MessageOrKind>(message: Addressed<K>): Promise<MessageStatus>;
  /** Sends, and resolves with what the recipient's handler returns. Throws `timeout`, or what the handler has reported. */
  request<const K extends MessageOrKind>(
    message: OutgoingMessage<K>,
    options?: RequestOptions,
  ): Promise<AnswerReceived<K>>;
  /** Asks several, or with `*` all others, and resolves with the answers that come in time. */
  gather<const K extends MessageOrKind>(
    message: Addressed<K> & { to: '*' | readonly string[] },
    options?: GatherOptions,
  ): Promise<Gathered<AnswerReceived<K>>>;
  /**
   * Handles messages of one kind, or of every kind with `*`. Messages of one conversation are handled one after the other. A message of
   * the mailbox is acknowledged when all its handlers have returned; one that throws is tried again after a growing pause (`RetryLater`
   * chooses another), and `PoisonMessage` makes it a dead letter at once, as data does that is none of its kind. Returns the function
   * that removes the handler.
   */
  on<const K extends MessageOrKind>(
    kind: K,
    handler: MessageHandler<DataReceived<K>, AnswerGiven<K>>,
  ): () => void;
  /**
   * Keeps a state for each conversation: the handler makes the next one from a message. State and messages that are in it are written as
   * one, so a message has one effect in it, however often it comes. What the handler does elsewhere is not covered.
   * @param answer what a question is answered from the state, once it is written; without it, the state itself. One that comes again is
   *     answered again, from the state as it is then.
   */
  onExactlyOnce<State extends JsonValue, const K extends MessageOrKind = string>(
    kind: K,
    initial: () => State,
    handler: StateHandler<State, DataReceived<K>>,
    answer?: StateAnswer<State, DataReceived<K>, AnswerGiven<K>>,
  ): () => void;
  /** The state of a conversation that `onExactlyOnce` keeps; undefined where there is none. */
  state<State extends JsonValue>(conversation: string): Promise<State | undefined>;
}

/** A pool of agents in one region, as its own process sees it. Made by `createSwarm`. */
export interface Swarm {
  readonly id: string;
  readonly region: string;
  readonly state: SwarmState;
  readonly messages: SwarmMessages;
  /** State that the swarms of the namespace share. */
  readonly sharedState: SharedStateClient;
  /** What swarms of the namespace tell each other without knowing each other. */
  readonly topics: SwarmTopics;
  /** Who can do what. */
  readonly directory: DirectoryClient;
  /** Resources that it lends and borrows. */
  readonly offers: OffersClient;
  /** Leases that it holds. */
  readonly leases: LeasesClient;
  /** What swarms vote on. */
  readonly proposals: ProposalsClient;
  /** Where swarms wait for each other. */
  readonly barriers: BarriersClient;
  /** Says how one type of work is done; `*` handles every type that has no handler of its own. */
  handle<In extends z.ZodType, Out extends z.ZodType>(
    task: TaskDefinition<In, Out>,
    handler: TaskHandler<z.output<In>, z.input<Out>>,
  ): Swarm;
  handle(type: string, handler: TaskHandler): Swarm;
  /** Connects and takes work. Throws `invalid-configuration` with all faults, or `bus-unavailable`. */
  start(): Promise<void>;
  /** Takes nothing new, lets what runs finish for `drainMs`, then aborts it; resolves when all of it is reported. */
  drain(): Promise<void>;
  /** Aborts what still runs, reports it, and closes the connection. */
  stop(): Promise<void>;
  /** Why the region's coordinator sent this swarm away, after which it has stopped; undefined as long as it belongs. */
  readonly dismissed: string | undefined;
  /** Returns the function that removes the listener. */
  onStateChange(listener: (state: SwarmState) => void): () => void;
}

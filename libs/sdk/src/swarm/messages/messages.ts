import { textOf, wireHeadersOf, type Bus, type Listening } from '@multiswarm/bus';
import {
  addressOf,
  asMultiswarmError,
  assertKindData,
  BROADCAST_TOKEN,
  DEFAULT_DOMAIN,
  fromWire,
  LIMITS,
  mailReaderOf,
  MessageStatus,
  MultiswarmError,
  parseOutgoing,
  subjects,
  toMessage,
  type JsonValue,
  type Message,
  type MessageSubmission,
} from '@multiswarm/contracts';
import { within, type Clock, type Ids } from '@multiswarm/core';
import {
  carryMail,
  isLarge,
  MAIL_TRY_MS,
  MailPayloads,
  MailReader,
  MailSender,
  MailSites,
  type PayloadNote,
} from '@multiswarm/messaging';
import { startSpan, type Logger } from '@multiswarm/telemetry';
import { messageOf, type AnswerGiven, type DataReceived, type MessageOrKind } from '../../define-message';
import { SDK_LIMITS } from '../../limits';
import type {
  GatherOptions,
  MessageHandler,
  OutgoingMessage,
  RequestOptions,
  StateAnswer,
  StateHandler,
  SwarmMessages,
} from '../types';
import type { SwarmTopics } from '../topics/types';
import { Answers, FAILED_KIND, replyKind, type Gathered } from './answers';
import { Turns } from './turns';
import { whoIsAsked } from './who-is-asked';
import { ConversationStates } from './conversation-states';
import { foldFirst } from './fold';
import { Handlers } from './handlers';
import { Located } from './located';
import {
  failureOf,
  EffectUnsure,
  HandlerHangs,
  hasExpired,
  Inbox,
  MessageExpired,
  PoisonMessage,
  Unanswered,
  UNREADABLE_MAIL,
  type Arrived,
  type Handled,
} from './inbox';
import { assertSendable, checkedAnswer, checkedAnswers } from './kinds';
import { MailSettling } from './mail-settling';

export interface MessagesOptions {
  swarmId: string;
  namespace: string;
  /** How long a handler may take for a message, or for those whose effects are written together. */
  messageTimeoutMs?: number | undefined;
  topics: () => SwarmTopics;
  clock: Clock;
  ids: Ids;
  log: Logger;
}

/** As it is given, its types left out. */
type AnyOutgoing = Omit<OutgoingMessage, 'kind' | 'data'> & { kind: MessageOrKind; data?: unknown };

const REQUEST_MS = 30_000;
/** A communicator tries each mailbox for a while before it says who has not got a broadcast; the rest is for its last tries to end. */
const BROADCAST_MS = MAIL_TRY_MS + 10_000;
/** Messages of its mailbox that a swarm has at the same time. */
const WINDOW = 512;

/** A message that is small enough to travel, with its data as JSON. */
interface Ready {
  submission: MessageSubmission;
  data: string;
  note?: PayloadNote | undefined;
}

/** What exists while the swarm is connected. */
interface Open {
  bus: Bus;
  sites: MailSites;
  sender: MailSender;
  payloads: MailPayloads;
  reader: MailReader;
  states: ConversationStates;
  listening: Listening[];
}

/**
 * Messages between swarms: at most once straight from sender to recipient, the others through the recipient's mailbox.
 *
 * G1. A message that was sent at most once reaches each handler at most once; one from the mailbox is acknowledged when its
 *     handlers have returned. None is handled after it has expired.
 * G2. Messages of one conversation and priority are handled in the order in which they came, one after the other.
 * G3. What was sent at most once and arrives while the inbox is full is dropped, counted and logged.
 */
export class Messages implements SwarmMessages {
  private readonly handlers = new Handlers();
  private readonly answers: Answers;
  private readonly located: Located;
  private readonly inbox = new Inbox((waiting) => this.handle(waiting));
  private current: Open | undefined;
  private readonly turns = new Turns();
  private reading = false;
  private dropped = 0;
  /** Messages that were sent at most once, and whose handler failed. */
  private failures = 0;

  constructor(private readonly options: MessagesOptions) {
    this.answers = new Answers(options.clock);
    this.located = new Located(options.clock, options.swarmId);
  }

  open(bus: Bus, instance: string): void {
    const { namespace, swarmId, clock } = this.options;
    const sites = new MailSites(bus);
    const reader = new MailReader({
      ...{ bus, sites, clock, namespace, mailbox: swarmId, window: WINDOW },
      reader: mailReaderOf(swarmId, instance),
      onMail: (delivery) =>
        this.receive({ message: delivery.message, settling: new MailSettling(delivery, reader) }),
      onFault: (error) => this.options.log.debug('the mailbox is not reached', { error }),
      onUnreadable: (error) => this.options.log.error(UNREADABLE_MAIL, { error }),
    });
    const listening = [swarmId, BROADCAST_TOKEN].map((to) => this.listen(bus, to));
    const sender = new MailSender({ bus, sites, clock });
    const payloads = new MailPayloads({ bus, sites, clock, ids: this.options.ids });
    const states = new ConversationStates(bus, sites, namespace, swarmId);
    this.current = { bus, sites, sender, payloads, reader, states, listening };
    if (!this.handlers.isEmpty) this.read();
  }

  async close(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    this.answers.close();
    if (current === undefined) return;
    for (const subscription of current.listening) subscription.stop();
    if (this.reading) await current.reader.stop();
  }

  send(message: AnyOutgoing): Promise<MessageStatus> {
    return this.sendWithin(undefined, message);
  }

  broadcast(message: Omit<AnyOutgoing, 'to'>): Promise<MessageStatus> {
    return this.send({ ...message, to: '*' });
  }

  /** What the schema of its kind makes of the answer, whose type its caller knows. */
  async request(message: AnyOutgoing, { timeoutMs = REQUEST_MS }: RequestOptions = {}): Promise<never> {
    this.read();
    const correlationId = this.options.ids.next();
    const answer = this.answers.one(correlationId, timeoutMs);
    const asked = { ttlMs: timeoutMs, ...message, correlationId, replyTo: this.options.swarmId };
    this.send(asked).catch((error: unknown) => this.answers.fail(correlationId, error));
    return checkedAnswer(message.kind, await answer) as never;
  }

  async gather(
    message: Omit<AnyOutgoing, 'to'> & { to: '*' | readonly string[] },
    { timeoutMs = REQUEST_MS }: GatherOptions = {},
  ): Promise<Gathered<never>> {
    this.read();
    const correlationId = this.options.ids.next();
    const asked = { ttlMs: timeoutMs, ...message, correlationId, replyTo: this.options.swarmId };
    const recipients = message.to === '*' ? ['*'] : [...message.to];
    const asking = whoIsAsked(recipients, (to) => this.send({ ...asked, to }));
    const gathered = await this.answers.many(correlationId, timeoutMs, asking);
    return checkedAnswers(message.kind, gathered) as Gathered<never>;
  }

  on<K extends MessageOrKind>(kind: K, handler: MessageHandler<DataReceived<K>, AnswerGiven<K>>): () => void {
    const remove = this.handlers.add(messageOf(kind), handler as MessageHandler);
    this.read();
    return remove;
  }

  onExactlyOnce<State extends JsonValue, K extends MessageOrKind = string>(
    kind: K,
    initial: () => State,
    handler: StateHandler<State, DataReceived<K>>,
    answer?: StateAnswer<State, DataReceived<K>, AnswerGiven<K>>,
  ): () => void {
    const remove = this.handlers.addFolding(messageOf(kind), {
      initial,
      handler: handler as unknown as StateHandler,
      ...(answer === undefined ? {} : { answer: answer as unknown as StateAnswer }),
    });
    this.read();
    return remove;
  }

  async state<State extends JsonValue>(conversation: string): Promise<State | undefined> {
    const { states } = this.opened();
    const { revision, state } = await states.latest(conversation);
    return revision === 0 ? undefined : (state as State);
  }

  publish: SwarmTopics['publish'] = (...event) => this.options.topics().publish(...event);

  subscribe: SwarmTopics['subscribe'] = (pattern, options, handler) =>
    this.options.topics().subscribe(pattern, options, handler);

  /** The same, continuing the trace of whatever sends. */
  within(traceparent: string): Pick<SwarmMessages, 'send' | 'broadcast'> {
    return {
      send: (message) => this.sendWithin(traceparent, message),
      broadcast: (message) => this.sendWithin(traceparent, { ...message, to: '*' }),
    };
  }

  /** A mailbox is read from the first handler, or question, on: before, whatever came would find nobody. */
  private read(): void {
    if (this.reading || this.current === undefined) return;
    this.reading = true;
    this.current.reader.start();
  }

  private async sendWithin(parent: string | undefined, message: AnyOutgoing): Promise<MessageStatus> {
    const open = this.opened();
    const { namespace, swarmId } = this.options;
    const { kind } = message;
    const name = typeof kind === 'string' ? kind : kind.kind;
    const submission = parseOutgoing(message, { kind: name, from: swarmId, namespace });
    // What is not here is held against its schema where it is handled.
    if (submission.dataRef === undefined) {
      if (typeof kind !== 'string') assertSendable(kind, submission.data);
      assertKindData(name, submission.data);
    }
    const span = startSpan('multiswarm.message.send', { kind: 'producer', parent });
    try {
      const sent = this.dispatch(open, submission, span.traceparent);
      const status = sent instanceof Promise ? await sent : sent;
      span.end();
      return status;
    } catch (error) {
      span.end(error);
      throw error;
    }
  }

  /** What is sent at most once to a recipient that is known is sent at once: nothing is waited for. */
  private dispatch(
    open: Open,
    submission: MessageSubmission,
    traceparent: string,
  ): MessageStatus | Promise<MessageStatus> {
    const { to, dataRef } = submission;
    const data = JSON.stringify(submission.data);
    const isSmall = dataRef === undefined && !isLarge(data);
    if (isSmall && !this.turns.isTaken(to)) return this.dispatchSmall(open, submission, data, traceparent);
    const ready: Promise<Ready> = isSmall
      ? Promise.resolve({ submission, data })
      : this.storedApart(open, submission, data);
    return this.turns.take(to, ready, (it) =>
      this.dispatchSmall(open, it.submission, it.data, traceparent, it.note),
    );
  }

  /** Its data is stored, and noted for it, before it is sent. */
  private async storedApart({ payloads }: Open, given: MessageSubmission, data: string): Promise<Ready> {
    const small = isLarge(data) ? await payloads.checkedIn(given, data) : given;
    const submission = { ...small, id: given.id ?? `m-${this.options.ids.next()}` };
    const { qos, to } = given;
    // Copies of a broadcast have ids of their own: who makes them notes them.
    const note = qos === 'at-most-once' || isToAll(to) ? undefined : await payloads.note(submission);
    return { submission, data: small === given ? data : '{}', note };
  }

  private dispatchSmall(
    open: Open,
    submission: MessageSubmission,
    data: string,
    traceparent: string,
    note?: PayloadNote,
  ): MessageStatus | Promise<MessageStatus> {
    const { to, qos } = submission;
    if (isToAll(to)) {
      const { namespace, from } = submission;
      const reply = { reply: MessageStatus, traceparent };
      const options = qos === 'at-most-once' ? reply : { ...reply, timeoutMs: BROADCAST_MS };
      return open.bus.request(subjects.messageSend(namespace, from), submission, options);
    }
    const { clock, ids } = this.options;
    const message = toMessage(submission, { id: `m-${ids.next()}`, acceptedAtMs: clock.now(), traceparent });
    if (qos !== 'at-most-once') {
      return open.sender.store(message, { data }).then(({ breaker, ...stored }) => {
        open.payloads.stored(note, stored);
        const status = statusOf(message, 'stored');
        return breaker === undefined ? status : { ...status, breaker };
      });
    }
    const carry = (): MessageStatus => {
      carryMail(open.bus, message, DEFAULT_DOMAIN, data);
      return statusOf(message, 'published');
    };
    const located = this.located.find(open.bus, to, traceparent);
    return located === undefined ? carry() : located.then(carry);
  }

  private listen(bus: Bus, to: string): Listening {
    const subject = subjects.mailFor(this.options.namespace, to);
    const subscription = bus.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return;
        this.take(message.subject, wireHeadersOf(message)?.text ?? '', message.data);
      },
    });
    return { stop: () => subscription.unsubscribe() };
  }

  private take(subject: string, headers: string, data: Uint8Array): void {
    const address = addressOf(subject);
    if (address === undefined || address.from === this.options.swarmId) return;
    try {
      const message = fromWire(address, headers, textOf(data));
      if (this.inbox.waiting < SDK_LIMITS.INBOX_MESSAGES) this.receive({ message, settling: undefined });
      else this.drop(message, 'the inbox is full');
    } catch (error) {
      this.options.log.warn('a message could not be read', { subject, error });
    }
  }

  private receive(arrived: Arrived): void {
    if (arrived.message.dataRef !== undefined && this.answers.awaits(arrived.message))
      void this.receiveLargeAnswer(arrived);
    else if (this.answers.take(arrived.message)) arrived.settling?.ack();
    else if (arrived.settling !== undefined || this.handlers.knows(arrived.message)) this.inbox.add(arrived);
  }

  private async receiveLargeAnswer(arrived: Arrived): Promise<void> {
    try {
      await this.fetchData(arrived);
      this.answers.take(arrived.message);
      arrived.settling?.ack();
    } catch (error) {
      this.log(arrived.message).warn('the data of an answer could not be read', { error });
      arrived.settling?.nak(failureOf(error));
    }
  }

  /** Handlers see data, wherever it was. One that is not there will not be there at the next try either. */
  private async fetchData(arrived: Arrived): Promise<void> {
    const { dataRef, ...message } = arrived.message;
    if (dataRef === undefined) return;
    try {
      arrived.message = { ...message, data: await this.opened().payloads.dataOf(arrived.message) };
    } catch (error) {
      const { code, message: why, retryable } = asMultiswarmError(error);
      if (retryable || code === 'internal') throw EffectUnsure.by(error); // nobody has looked at its state
      throw new PoisonMessage(`${code}: ${why}`);
    }
  }

  private async handle(waiting: readonly Arrived[]): Promise<Handled> {
    const [first] = waiting;
    if (first === undefined || this.current === undefined) return { done: waiting.length };
    const { message } = first;
    const nowMs = this.options.clock.now();
    if (hasExpired(message, nowMs)) {
      const expired = new MessageExpired('its time was over before its handler could begin');
      if (first.settling !== undefined) return { done: 0, failed: expired };
      this.drop(message, 'it has expired');
      return { done: 1 };
    }
    try {
      await this.fetchData(first);
      if (this.handlers.folding(message)) return await this.fold(upToLarge(waiting), this.current.states);
      const answer = await this.inTime(this.handlers.run(first.message));
      if (message.replyTo !== undefined) await this.answerHandled(message, answer);
      return { done: 1 };
    } catch (error) {
      return this.failed(first, error);
    }
  }

  private async fold(waiting: readonly Arrived[], states: ConversationStates): Promise<Handled> {
    const { clock } = this.options;
    const { done, failed } = await foldFirst(waiting, {
      ...{ handlers: this.handlers, states, clock },
      inTime: (work) => this.inTime(work),
      answer: (message, say) => this.answerFromState(message, say),
    });
    const next = waiting[done];
    if (failed === undefined || next === undefined) return { done };
    const told = await this.failed(next, failed);
    return { ...told, done: done + told.done };
  }

  /** A handler that never returns would hold up its conversation for ever. @throws HandlerHangs */
  private inTime<T>(work: Promise<T>): Promise<T> {
    const { clock, messageTimeoutMs: ms = LIMITS.MESSAGE_TIMEOUT_MS } = this.options;
    return within(clock, ms, work, () => {
      throw new HandlerHangs(`its handler has not returned within ${ms} ms`);
    });
  }

  private async failed({ message, settling }: Arrived, error: unknown): Promise<Handled> {
    const log = this.log(message);
    if (settling !== undefined) {
      log.warn('the handler of a message failed', { error, attempt: message.attempt });
      return { done: 0, failed: error };
    }
    this.failures += 1;
    const text = 'the handler of a message failed; it is not delivered again';
    log.error(text, { error, failedSoFar: this.failures });
    if (message.replyTo !== undefined)
      await this.reply(message, FAILED_KIND, { ...failure(error) }).catch(() => undefined);
    return { done: 1 };
  }

  /** Whoever waits is no reason to take its handler for broken. @throws Unanswered, PoisonMessage */
  private answerHandled(to: Message, data: JsonValue): Promise<void> {
    return this.answer(to, data).catch((error: unknown) => {
      throw error instanceof PoisonMessage ? error : Unanswered.by(error);
    });
  }

  /** The message has had its effect. Where it will never be answered, it is done with all the same, and whoever asks is told. */
  private async answerFromState(to: Message, say: () => JsonValue): Promise<void> {
    try {
      await this.answer(to, say());
    } catch (error) {
      if (asMultiswarmError(error).retryable) throw error;
      this.log(to).error('a message had its effect and could not be answered', { error });
      await this.reply(to, FAILED_KIND, { ...failure(error) }).catch(() => undefined);
    }
  }

  /** An answer that is none of its kind is none at the next try either. */
  private async answer(to: Message, data: JsonValue): Promise<void> {
    await this.reply(to, replyKind(to.kind), data).catch((error: unknown) => {
      if (!(error instanceof MultiswarmError) || error.code !== 'invalid-request') throw error;
      throw new PoisonMessage(`the answer to a "${to.kind}" cannot be sent: ${error.message}`);
    });
  }

  private async reply(to: Message, kind: string, data: JsonValue): Promise<void> {
    const { replyTo, correlationId, qos, priority, traceparent } = to;
    if (replyTo === undefined) return;
    const answer = {
      to: replyTo,
      kind,
      data,
      qos,
      priority,
      ...(correlationId === undefined ? {} : { correlationId }),
    };
    await this.sendWithin(traceparent, answer);
  }

  private opened(): Open {
    if (this.current) return this.current;
    throw new MultiswarmError(
      'bus-unavailable',
      'the swarm is not started: start() it before it sends messages',
    );
  }

  private drop(message: Message, reason: string): void {
    this.dropped += 1;
    this.log(message).warn('a message was dropped', { reason, droppedSoFar: this.dropped });
  }

  private log({ id, from, kind, traceparent }: Message): Logger {
    return this.options.log.child({
      messageId: id,
      from,
      kind,
      ...(traceparent === undefined ? {} : { traceparent }),
    });
  }
}

function isToAll(to: string): boolean {
  return to === '*' || to === BROADCAST_TOKEN;
}

function failure(error: unknown): Record<string, JsonValue> {
  const { code, message } = asMultiswarmError(error);
  return { code: code === 'internal' ? 'attempt-failed' : code, detail: message };
}

/** Those of which the data is here. */
function upToLarge(waiting: readonly Arrived[]): readonly Arrived[] {
  const end = waiting.findIndex(({ message }) => message.dataRef !== undefined);
  return end < 0 ? waiting : waiting.slice(0, end);
}

function statusOf(
  { id, from, to, kind, qos, sentAt }: Message,
  status: 'published' | 'stored',
): MessageStatus {
  return { id, from, to, kind, qos, status, recipients: [to], recipientCount: 1, acceptedAt: sentAt };
}

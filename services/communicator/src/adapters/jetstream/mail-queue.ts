import {
  dropReaders,
  forgetMessages,
  lastOfEach,
  lastStored,
  Printed,
  queuedMail,
  readQueue,
  storeMessage,
  type Bus,
  type QueueReader,
} from '@multiswarm/bus';
import {
  headers as names,
  LIMITS,
  MailCause,
  mailIdentity,
  PRIORITIES,
  streams,
  subjects,
  toWire,
  type MailHome,
  type MailName,
  type MailShard,
  type Message,
} from '@multiswarm/contracts';
import { deferred, within, type Clock } from '@multiswarm/core';
import { keepPayload } from '@multiswarm/messaging';
import { z } from 'zod';
import { LEVELS, type Level } from '../../domain/mailbox/mail';
import {
  HOPS,
  type Burial,
  type Came,
  type MailBody,
  type MailNote,
  type MailQueue,
  type StoredMail,
} from '../../ports';
import { deadHeaders } from './dead-headers';
import { isNotable, releasePayload } from './release-payload';

const Note = z.object({
  id: z.string(),
  attempts: z.number().int().nonnegative(),
  fault: z.object({ cause: MailCause, message: z.string(), atMs: z.number() }),
});

const KeptHome = z.object({ domain: z.string(), atMs: z.number() });
const KeptCame = z.object({ epoch: z.number(), ids: z.array(z.string()) });

/** How long an owner waits for what there was when he began: a hundred thousand messages come in less. */
const BEGINNING_MS = 5_000;

/** What there was when the readers began. */
class Beginning {
  private expected = 0;
  private arrived = 0;
  private known = false;
  private readonly done = deferred<boolean>();

  /** True once all of it has come. */
  get read(): Promise<boolean> {
    return this.done.promise;
  }

  expect(pending: number): void {
    this.expected += pending;
  }

  came(): void {
    this.arrived += 1;
    this.look();
  }

  /** Nothing more will be expected. */
  isKnown(): void {
    this.known = true;
    this.look();
  }

  private look(): void {
    if (this.known && this.arrived >= this.expected) this.done.resolve(true);
  }
}

/**
 * One mailbox shard in JetStream: a reader for each priority. Who takes the shard over removes the readers of the owner before, so
 * that nobody else can be given, or acknowledge, anything of it any more; their names carry the epoch.
 */
export class JetStreamMailQueue implements MailQueue {
  private readers: QueueReader[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly place: MailShard,
    private readonly epoch: number,
    private readonly clock: Clock,
  ) {}

  async open(
    onMail: (mail: StoredMail, level: Level) => void,
    onEnd: (error: unknown) => void,
  ): Promise<boolean> {
    this.stop();
    const { connection } = this.bus;
    const prefix = `shard-${this.place.shard}-`;
    await dropReaders(connection, streams.mailbox, prefix);
    let ended = false;
    const end = (error: unknown): void => {
      if (ended) return;
      ended = true;
      onEnd(error);
    };
    const begin = new Beginning();
    for (const level of LEVELS) {
      const priority = PRIORITIES[level];
      const reader = { stream: streams.mailbox, name: `${prefix}${priority}-${this.epoch}` };
      const subject = subjects.storedMailOf(this.place, priority);
      const take = (mail: StoredMail): void => {
        onMail(mail, level);
        begin.came();
      };
      const opened = await readQueue(connection, { ...reader, subject }, take, end);
      begin.expect(opened.pending);
      this.readers.push(opened);
    }
    begin.isKnown();
    return within(this.clock, BEGINNING_MS, begin.read, () => false);
  }

  stop(): void {
    for (const reader of this.readers.splice(0)) reader.stop();
  }

  async fetch(seq: number): Promise<MailBody | undefined> {
    return queuedMail(this.bus.connection, streams.mailbox, seq);
  }

  async bury(burial: Burial): Promise<void> {
    const { namespace, to, from } = burial.address;
    const subject = subjects.deadMail(this.place.domain, namespace, to);
    const buried = mailIdentity({ namespace, to, from, id: burial.body.headers?.get('ce-id') ?? '' });
    const messageId = `dead-${this.place.domain}-${burial.seq}-${buried}`;
    const headers = { ...deadHeaders(burial), [names.messageId]: messageId };
    await storeMessage(this.bus.connection, subject, burial.body.data, { headers });
  }

  async notes(): Promise<ReadonlyMap<number, MailNote>> {
    const notes = new Map<number, MailNote>();
    for (const { subject, text } of await lastOfEach(
      this.bus.connection,
      streams.mailNotes,
      subjects.mailNotes(this.place),
    )) {
      const seq = Number(subject.slice(subject.lastIndexOf('.') + 1));
      const note = Note.safeParse(parsed(text));
      if (note.success) notes.set(seq, note.data);
    }
    return notes;
  }

  async note(seq: number, { id, attempts, fault }: MailNote): Promise<void> {
    const message = fault.message.slice(0, LIMITS.ERROR_MESSAGE_CHARS);
    const body = JSON.stringify({ id, attempts, fault: { ...fault, message } });
    await storeMessage(this.bus.connection, subjects.mailNote(this.place, seq), body);
  }

  async keepPayload(payload: string, mail: MailName): Promise<void> {
    if (isNotable(payload, mail)) await keepPayload(this.bus, this.place.domain, payload, mail);
  }

  async releasePayload(payload: string, mail: MailName): Promise<void> {
    await releasePayload(this.bus, this.place.domain, payload, mail);
  }

  async forgetNote(seq: number): Promise<void> {
    await forgetMessages(this.bus.connection, streams.mailNotes, subjects.mailNote(this.place, seq));
  }

  async homes(): Promise<MailHome[]> {
    const { domain } = this.place;
    const kept = await lastOfEach(
      this.bus.connection,
      streams.mailboxNames,
      subjects.mailboxNames(this.place),
    );
    return kept.map(({ subject, text }) => {
      const [namespace = '', mailbox = ''] = subject.split('.').slice(-2);
      return { namespace, mailbox, ...(KeptHome.safeParse(parsed(text)).data ?? { domain, atMs: 0 }) };
    });
  }

  async isNamed(namespace: string, mailbox: string): Promise<boolean> {
    const subject = subjects.mailboxName(this.place, namespace, mailbox);
    return (await lastStored(this.bus.connection, streams.mailboxNames, subject)) !== undefined;
  }

  async keepHome({ namespace, mailbox, domain, atMs }: MailHome): Promise<void> {
    const subject = subjects.mailboxName(this.place, namespace, mailbox);
    await storeMessage(this.bus.connection, subject, JSON.stringify({ domain, atMs }));
  }

  async storeForwarded(message: Message, hops: number): Promise<void> {
    const { subject, lines, body } = toWire(message, this.place.domain);
    await this.bus.publishStored(subject, new Printed(body), {
      lines: `${lines}${HOPS}: ${hops}\r\n`,
      messageId: `${mailIdentity(message)}/${hops}`,
    });
  }

  async came({ namespace, mailbox }: MailHome, origin: string): Promise<Came | undefined> {
    const subject = subjects.mailCame(this.place, namespace, mailbox, origin);
    const stored = await lastStored(this.bus.connection, streams.mailNotes, subject);
    return stored && KeptCame.safeParse(parsed(stored.data.toString('utf8'))).data;
  }

  async noteCame({ namespace, mailbox }: MailHome, origin: string, came: Came): Promise<void> {
    const subject = subjects.mailCame(this.place, namespace, mailbox, origin);
    await storeMessage(this.bus.connection, subject, JSON.stringify(came));
  }
}

/** Undefined where it is no JSON: somebody else has written there. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

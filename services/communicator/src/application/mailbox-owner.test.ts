import { mailboxShardOf, toWire, type MailCause, type Message } from '@multiswarm/contracts';
import { ManualClock, seededRandom } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { pass, turns } from '@multiswarm/testing';
import { MAILBOX_RULES } from '../domain/mailbox/rules';
import type { Burial, MailNote, MailQueue, StoredMail } from '../ports';
import { MailboxOwner } from './mailbox-owner';

const SHARD = mailboxShardOf('b');
/** The number of a message whose time is over soon, and that comes later than that. */
const EXPIRING = 9;
const TTL_MS = 100;

/** The owner of one shard, with a stream whose bodies may be gone, and what it makes known. */
class Desk {
  readonly clock = new ManualClock();
  readonly handed: { seq: number; attempt: number }[] = [];
  readonly buried: Burial[] = [];
  readonly dead: MailCause[] = [];
  readonly forgotten: number[] = [];
  readonly acks: number[] = [];
  owner!: MailboxOwner;
  /** What the stream says when a body is read from it. */
  fetch: MailQueue['fetch'] = () => Promise.resolve(undefined);

  constructor(
    private readonly notes: ReadonlyMap<number, MailNote> = new Map(),
    private readonly roomLeft = 1e6,
  ) {}

  async open(...seqs: number[]): Promise<this> {
    this.owner = await MailboxOwner.open(SHARD, 1, {
      queue: this.queue(seqs),
      postman: { deliver: (_session, ticket) => void this.handed.push(ticket) },
      regions: {
        ...{ domain: 'hub', heard: () => [], neighbour: () => undefined, count: () => undefined },
        fetched: () => Promise.resolve(true),
        post: {
          forward: () => Promise.reject(new Error()),
          homes: () => Promise.resolve({ homes: [] }),
          announce: () => undefined,
        },
      },
      ...{ rules: MAILBOX_RULES, assertRecipient: () => undefined, assertOpen: () => undefined },
      room: { left: this.roomLeft },
      countMail: {
        ...{ delivered: () => undefined, failed: () => undefined },
        dead: (cause) => void this.dead.push(cause),
      },
      ...{ clock: this.clock, random: seededRandom(1) },
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    const namespace = 'default';
    this.owner.attend({ namespace, mailbox: 'b', session: 's', window: 10, holding: [], replaces: [] });
    await turns();
    return this;
  }

  private queue(seqs: readonly number[]): MailQueue {
    const never = (): Promise<never> => Promise.reject(new Error('nobody asks for this'));
    return {
      open: (onMail) => {
        for (const seq of seqs) onMail(this.stored(seq), 2);
        return Promise.resolve(true);
      },
      stop: () => undefined,
      fetch: (seq) => this.fetch(seq),
      bury: async (burial) => void this.buried.push(burial),
      notes: () => Promise.resolve(this.notes),
      note: () => Promise.resolve(),
      forgetNote: async (seq) => void this.forgotten.push(seq),
      ...{ keepPayload: never, releasePayload: never, isNamed: never, storeForwarded: never },
      ...{ came: never, noteCame: never },
      homes: () => Promise.resolve([]),
      keepHome: () => Promise.resolve(),
    };
  }

  private in(ms: number): string {
    return new Date(this.clock.now() + ms).toISOString();
  }

  stored(seq: number): StoredMail {
    const message: Message = {
      ...{ id: `m-${seq}`, from: 'a', to: 'b', kind: 'work', data: seq, namespace: 'default' },
      ...{ priority: 'normal', qos: 'at-least-once', sentAt: '2026-01-02T03:04:05.678Z' },
      ...(seq === EXPIRING ? { expiresAt: this.in(TTL_MS), deliverAt: this.in(2 * TTL_MS) } : {}),
    };
    const { subject, lines, body } = toWire(message, 'hub');
    const text = `NATS/1.0\r\n${lines}\r\n`;
    const get = (name: string): string => new RegExp(`\r\n${name}: *(.*)\r\n`).exec(text)?.[1] ?? '';
    return {
      ...{ seq, subject, storedAtMs: 1, bytes: body.length, data: Buffer.from(body) },
      headers: { bytes: Buffer.from(text), text, get, sendable: undefined as never },
      ack: () => void this.acks.push(seq),
      drop: () => undefined,
    };
  }
}

test('tries that are noted count for their message, and not for another one that has its number', async () => {
  const fault = { cause: 'handler-failed', message: 'no', atMs: 1 } as const;
  const notes = new Map([
    [1, { id: 'a.m-1', attempts: 3, fault }],
    [2, { id: 'other.m-2', attempts: 4, fault }],
  ]);
  const desk = await new Desk(notes).open(1, 2);
  expect(desk.handed).toMatchObject([
    { seq: 1, attempt: 4 },
    { seq: 2, attempt: 1 },
  ]);
  expect(desk.forgotten).toEqual([2]);
  desk.owner.lose();
});

test('a message that has to be a dead letter and is gone from its stream is not counted as one', async () => {
  const [kept, gone] = [new Desk(), new Desk(new Map(), 0)];
  for (const desk of [kept, gone]) {
    await desk.open(EXPIRING);
    await pass(desk.clock, 3 * TTL_MS);
    expect(desk.acks).toEqual([EXPIRING]);
    expect(desk.owner.list('default')).toMatchObject([{ depth: 0 }]);
    desk.owner.lose();
  }
  expect([kept.buried.length, kept.dead]).toEqual([1, ['expired']]);
  expect([gone.buried.length, gone.dead]).toEqual([0, []]);
});

test('a message that is gone from its stream before it was handed over takes no room', async () => {
  const desk = await new Desk(new Map(), 0).open(1);
  expect(desk.handed).toEqual([]);
  expect(desk.owner.list('default')).toMatchObject([{ depth: 0 }]);
  desk.owner.lose();
});

test('where a body cannot be read, nothing behind it is handed over either; all come back in their order, and have cost no try', async () => {
  const desk = new Desk(new Map(), 0);
  let unreadable = 2;
  desk.fetch = (seq) => {
    if (seq === 2 && (unreadable -= 1) >= 0) return Promise.reject(new Error('no answer'));
    return Promise.resolve(desk.stored(seq));
  };
  await desk.open(1, 2, 3);
  expect(desk.handed).toEqual([]);
  expect(desk.owner.list('default')).toMatchObject([{ depth: 3, inHand: 0 }]);
  await pass(desk.clock, 900);
  expect(desk.handed).toEqual([]);
  await pass(desk.clock, 1_500);
  expect(desk.handed).toMatchObject([1, 2, 3].map((seq) => ({ seq, attempt: 1 })));
  desk.owner.lose();
});

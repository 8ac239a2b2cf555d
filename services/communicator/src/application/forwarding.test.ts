import {
  mailboxShardOf,
  mailIdentity,
  MultiswarmError,
  toWire,
  type MailForward,
  type MailHome,
  type Message,
} from '@multiswarm/contracts';
import { ManualClock, seededRandom } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { pass, turns } from '@multiswarm/testing';
import type { Level } from '../domain/mailbox/mail';
import { MAILBOX_RULES } from '../domain/mailbox/rules';
import { HOPS, type Burial, type Came, type DomainPost, type MailQueue, type StoredMail } from '../ports';
import { MailboxOwner } from './mailbox-owner';

const SHARD = mailboxShardOf('b');
const LEVEL = 2 satisfies Level;
const EU = { namespace: 'default', mailbox: 'b', domain: 'eu', atMs: 1 };
const US = { ...EU, domain: 'us', atMs: 2 };
const logger = createLogger({ service: 'test', level: 'silent' });

/** What a server of one domain keeps, whoever owns the mailboxes. */
class Stored {
  readonly messages = new Map<number, { subject: string; text: string; data: Buffer }>();
  readonly ids = new Set<string>();
  readonly buried: Burial[] = [];
  readonly came = new Map<string, Came>();
  /** Payloads of messages that came, in their order. */
  readonly noted: string[] = [];
  readonly homes = new Map<string, MailHome>();
  private seq = 0;

  constructor(readonly domain: string) {}

  put(message: Message, id: string, more = ''): number | undefined {
    if (this.ids.has(id)) return undefined;
    this.ids.add(id);
    const { subject, lines, body } = toWire(message, this.domain);
    this.seq += 1;
    this.messages.set(this.seq, {
      subject,
      text: `NATS/1.0\r\n${lines}${more}\r\n`,
      data: Buffer.from(body),
    });
    return this.seq;
  }

  /** What the messages say, in their order. */
  get said(): unknown[] {
    return [...this.messages.values()].map(({ data }) => JSON.parse(data.toString()) as unknown);
  }
}

type Fault = 'before' | 'after' | 'fails';

/** Two domains with the owners of one mailbox shard; each step that one of them takes outside of itself may be its last. */
class TwoRegions {
  readonly clock = new ManualClock();
  readonly eu = new Stored('eu');
  readonly us = new Stored('us');
  readonly owners = new Map<string, MailboxOwner>();
  heard = true;
  /** Answers of the other domain that do not come. */
  answersLost = 0;
  /** How often a payload is looked for until it is there. */
  looks = 0;
  steps = 0;
  /** The owner is lost before it, or after it; or it fails, and the owner goes on. */
  onStep: (step: number, domain: string) => Fault | undefined = () => undefined;
  private epoch = 1;

  /** Another owner of the mailboxes of a domain: the one before is lost. */
  async open(all: Stored, rules = MAILBOX_RULES): Promise<MailboxOwner> {
    const epoch = (this.epoch += 1);
    const { domain } = all;
    const parts = {
      queue: this.queueOf(all, epoch),
      postman: { deliver: () => undefined },
      regions: {
        domain,
        post: this.postOf(domain, epoch),
        neighbour: (other: string) => ({ domain: other, heard: this.heard, sinceMs: 0, sinceWallMs: 0 }),
        heard: () => [],
        count: () => undefined,
        fetched: () => Promise.resolve((this.looks -= 1) < 0),
      },
      ...{ rules, assertRecipient: () => undefined, assertOpen: () => undefined, room: { left: 1e8 } },
      countMail: { delivered: () => undefined, failed: () => undefined, dead: () => undefined },
      ...{ clock: this.clock, random: seededRandom(1), logger },
    };
    const owner = await MailboxOwner.open(SHARD, epoch, parts);
    this.owners.get(domain)?.lose();
    this.owners.set(domain, owner);
    return owner;
  }

  /** One step of an owner. Of one that was lost before it, nothing happens; of one that is lost after it, nobody hears. */
  private async step<T>(domain: string, epoch: number, work: () => T): Promise<T> {
    if (this.owners.get(domain)?.epoch !== epoch) return new Promise(() => undefined);
    const fault = this.onStep((this.steps += 1), domain);
    if (fault === 'before') return new Promise(() => undefined);
    if (fault === 'fails') throw new MultiswarmError('bus-unavailable', 'no answer');
    await turns(1);
    const done = work();
    await turns(1);
    return fault === 'after' ? new Promise(() => undefined) : done;
  }

  private queueOf(all: Stored, epoch: number): MailQueue {
    const step = <T>(work: () => T): Promise<T> => this.step(all.domain, epoch, work);
    const key = ({ namespace, mailbox }: MailHome): string => `${namespace} ${mailbox}`;
    let tell: (seq: number) => void = () => undefined;
    return {
      open: (onMail) => {
        tell = (seq) => onMail(this.told(all, seq, epoch), LEVEL);
        for (const seq of all.messages.keys()) tell(seq);
        return Promise.resolve(true);
      },
      stop: () => undefined,
      fetch: () => Promise.resolve(undefined),
      bury: (burial) => step(() => void all.buried.push(burial)),
      notes: () => Promise.resolve(new Map()),
      keepPayload: (payload) => step(() => void all.noted.push(payload)),
      releasePayload: () => Promise.resolve(),
      note: () => Promise.resolve(),
      forgetNote: () => Promise.resolve(),
      homes: () => Promise.resolve([...all.homes.values()]),
      isNamed: (namespace, mailbox) => Promise.resolve(all.homes.has(`${namespace} ${mailbox}`)),
      keepHome: async (home) => void all.homes.set(key(home), home),
      storeForwarded: (message, hops) =>
        step(() => {
          const seq = all.put(message, `${mailIdentity(message)}/${hops}`, `${HOPS}: ${hops}\r\n`);
          if (seq !== undefined) tell(seq);
        }),
      came: (home, origin) => step(() => all.came.get(`${key(home)} ${origin}`)),
      noteCame: (home, origin, came) => step(() => void all.came.set(`${key(home)} ${origin}`, came)),
    };
  }

  private told(all: Stored, seq: number, epoch: number): StoredMail {
    const { subject, text, data } = all.messages.get(seq)!;
    const get = (name: string): string => new RegExp(`\r\n${name}: *(.*)\r\n`).exec(text)?.[1] ?? '';
    return {
      ...{ seq, subject, data, storedAtMs: this.clock.now(), bytes: data.length },
      headers: { bytes: Buffer.from(text), text, get, sendable: undefined as never },
      // Told again by the stream where it does not come through, to the next owner only: it is no step that may fail.
      ack: () => void (this.owners.get(all.domain)?.epoch === epoch && all.messages.delete(seq)),
      drop: () => undefined,
    };
  }

  private postOf(domain: string, epoch: number): DomainPost {
    return {
      forward: async (_shard, batch) => {
        const there = this.owners.get(batch.home.domain);
        const lost = new MultiswarmError('timeout', 'no answer');
        let answer: Awaited<ReturnType<MailboxOwner['forward']>> | undefined;
        await this.step(domain, epoch, () => undefined);
        if (this.heard) answer = await Promise.race([there?.forward(batch), this.tooLong()]);
        await this.step(domain, epoch, () => undefined);
        if (answer === undefined || (this.answersLost -= 1) >= 0) throw lost;
        return answer;
      },
      homes: () => Promise.resolve({ homes: [] }),
      announce: (home) => {
        for (const owner of this.heard ? this.owners.values() : []) owner.learn(home);
      },
    };
  }

  private tooLong(): Promise<undefined> {
    return new Promise((resolve) => this.clock.after(5_000, () => resolve(undefined)));
  }

  close(): void {
    for (const owner of this.owners.values()) owner.lose();
  }
}

let id = 0;
function mail(n: number, conversation: string, more: Partial<Message> = {}): Message {
  return {
    ...{
      id: `m-${String((id += 1)).padStart(8, '0')}`,
      from: 'a',
      to: 'b',
      kind: 'work',
      data: { conversation, n },
    },
    ...{ namespace: 'default', priority: 'normal', qos: 'exactly-once', sentAt: '2026-01-02T03:04:05.678Z' },
    ...{ conversation, ...more },
  };
}

const EACH = 4;

/** @param padding makes messages so long that one request does not carry all of them */
async function started(padding = ''): Promise<TwoRegions> {
  const world = new TwoRegions();
  for (const domain of [world.eu, world.us]) domain.homes.set('default b', US);
  for (let n = 0; n < EACH; n += 1)
    for (const conversation of ['x', 'y']) {
      const message = mail(n, conversation, { data: { conversation, n, padding } });
      world.eu.put(message, mailIdentity(message));
    }
  await world.open(world.us);
  return world;
}

/** Each conversation in its order, and nothing twice. */
function expectAll({ eu, us }: TwoRegions): void {
  expect(eu.said).toEqual([]);
  for (const conversation of ['x', 'y']) {
    const said = us.said.filter((each) => (each as { conversation: string }).conversation === conversation);
    const numbers = said.map((each) => (each as { n: number }).n);
    expect(numbers).toEqual(Array.from({ length: EACH }, (_, n) => n));
  }
}

async function stepsOfOneRun(padding?: string): Promise<number> {
  const world = await started(padding);
  await world.open(world.eu);
  await pass(world.clock, 500);
  expectAll(world);
  world.close();
  return world.steps;
}

/** Runs it anew for each of its steps, at which one thing goes wrong. */
async function withEachFault(
  faults: readonly Fault[],
  mend: (world: TwoRegions, domain: string) => Promise<unknown>,
  padding?: string,
): Promise<void> {
  const steps = await stepsOfOneRun(padding);
  expect(steps).toBeGreaterThan(8);
  for (let at = 1; at <= steps; at += 1)
    for (const fault of faults) {
      const world = await started(padding);
      let where = '';
      world.onStep = (step, domain) => {
        if (step === at) where = domain;
        return step === at ? fault : undefined;
      };
      await world.open(world.eu);
      await pass(world.clock, 500);
      await mend(world, where);
      await pass(world.clock, 12_000, 500);
      expectAll(world);
      world.close();
    }
}

const another = (world: TwoRegions, domain: string): Promise<unknown> =>
  world.open(domain === 'eu' ? world.eu : world.us);

test('whichever step is the last of an owner on either side, all arrives, once and in order', async () => {
  await withEachFault(['before', 'after'], another);
}, 30_000);

test('whichever step fails, all arrives, once and in order, also where it takes several requests', async () => {
  const nothing = (): Promise<void> => Promise.resolve();
  await withEachFault(['fails'], nothing);
  await withEachFault(['fails'], nothing, 'x'.repeat(200 * 1024));
}, 30_000);

test('whoever sends again after a long cut is told what is there, also by another owner and a stream that has forgotten all ids', async () => {
  const world = await started();
  world.answersLost = 1;
  await world.open(world.eu);
  await pass(world.clock, 100);
  expect([world.eu.said.length, world.us.said.length]).toEqual([2 * EACH, 2 * EACH]);
  world.us.ids.clear();
  await another(world, 'us');
  await another(world, 'eu');
  await pass(world.clock, 12_000, 500);
  expectAll(world);
  world.close();
});

test('a message waits until its payload is over there and noted, and what is behind it in its conversation waits with it', async () => {
  const world = await started();
  const dataRef = { id: `default.${'0'.repeat(64)}`, bytes: 300_000 };
  const large = mail(EACH, 'x', { data: {}, dataRef });
  world.eu.put(large, mailIdentity(large));
  const behind = mail(EACH + 1, 'x');
  world.eu.put(behind, mailIdentity(behind));
  world.looks = 8;
  await world.open(world.eu);
  await pass(world.clock, 500, 50);
  expect([world.eu.said.length, world.us.said.length, world.us.noted]).toEqual([2, 2 * EACH, []]);
  await pass(world.clock, 12_000, 500);
  expect([world.eu.said, world.us.noted]).toEqual([[], [dataRef.id]]);
  expect(world.us.said.slice(-2)).toEqual([{}, behind.data]);
  world.close();
});

test('an id that two senders have chosen is no repetition over there, early or late', async () => {
  const world = await started();
  const us = await world.open(world.us);
  const one = mail(1, 'x');
  const batchOf = (from: string): Parameters<typeof us.forward>[0] => ({
    ...{ origin: 'eu', epoch: 1, home: US },
    messages: [{ seq: 1, hops: 1, message: { ...one, from } }],
  });
  for (const from of ['a', 'c', 'a']) {
    expect(await us.forward(batchOf(from))).toEqual({ stored: [1] });
    world.us.ids.clear();
  }
  expect(world.us.said.length).toBe(2);
  world.close();
});

test('a former owner over there, whose request comes late, changes nothing, whoever owns the mailbox here', async () => {
  const world = await started();
  const batchOf = (epoch: number, n: number): MailForward => ({
    ...{ origin: 'eu', epoch, home: US },
    messages: [{ seq: n, hops: 1, message: mail(n, 'x') }],
  });
  const us = await world.open(world.us);
  expect(await us.forward(batchOf(7, 1))).toEqual({ stored: [1] });
  await expect(us.forward(batchOf(6, 2))).rejects.toMatchObject({ code: 'stale-epoch' });
  const next = await world.open(world.us);
  await expect(next.forward(batchOf(6, 3))).rejects.toMatchObject({ code: 'stale-epoch' });
  expect(await next.forward(batchOf(7, 4))).toEqual({ stored: [4] });
  expect(world.us.said).toMatchObject([{ n: 1 }, { n: 4 }]);
  world.close();
});

test('what waits for a domain that is not heard keeps its place, and becomes a dead letter that says why when its time is over', async () => {
  const world = await started();
  world.heard = false;
  const late = mail(9, 'z', { expiresAt: new Date(world.clock.now() + 2_000).toISOString() });
  world.eu.put(late, mailIdentity(late));
  const owner = await world.open(world.eu);
  await pass(world.clock, 3_000);
  expect(world.us.said).toEqual([]);
  expect(world.eu.buried).toEqual([expect.objectContaining({ cause: 'expired', attempts: 0 })]);
  expect(world.eu.buried[0]?.message).toContain('waited for the domain us, which is not heard since');
  expect(owner.outgoing()).toEqual([
    expect.objectContaining({ domain: 'us', mailboxes: 1, messages: 2 * EACH }),
  ]);
  world.heard = true;
  owner.domainHeard('us');
  await pass(world.clock, 500);
  expectAll(world);
  world.close();
});

test('a mailbox that is full over there keeps the rest here, and its own limit tells the senders here', async () => {
  const world = await started();
  await world.open(world.us, { ...MAILBOX_RULES, limit: 3 });
  const owner = await world.open(world.eu, { ...MAILBOX_RULES, limit: 5 });
  await pass(world.clock, 3_000);
  expect(world.us.said.length).toBe(3);
  expect(world.eu.said.length).toBe(2 * EACH - 3);
  const asked = { namespace: 'default', to: 'b', from: 'a', want: 1 };
  expect(await owner.room(asked)).toMatchObject({ granted: 0, depth: 5, limit: 5 });
  await world.open(world.us);
  await pass(world.clock, 3_000);
  expectAll(world);
  world.close();
});

test('mail follows a mailbox that moves, also back to where it came from, and is no repetition there', async () => {
  const world = await started();
  const eu = await world.open(world.eu);
  await pass(world.clock, 500);
  expectAll(world);
  const attend = { namespace: 'default', mailbox: 'b', session: 'b-1', window: 1, holding: [], replaces: [] };
  eu.attend(attend);
  await pass(world.clock, 500);
  expect(world.us.said).toEqual([]);
  expect(world.eu.said.length).toBe(2 * EACH);
  world.close();
});

test('who sends to a domain where the mailbox is not read any more is told where it is', async () => {
  const world = await started();
  const us = await world.open(world.us);
  us.learn({ ...EU, domain: 'ap', atMs: 3 });
  const messages = [{ seq: 1, hops: 1, message: mail(1, 'x') }];
  const batch = { origin: 'eu', epoch: 1, home: US, messages };
  expect(await us.forward(batch)).toEqual({ stored: [], moved: { ...EU, domain: 'ap', atMs: 3 } });
  await expect(us.forward({ ...batch, home: EU })).rejects.toMatchObject({ code: 'invalid-request' });
  world.close();
});

import { connectBus, type Bus } from '@multiswarm/bus';
import {
  mailboxShardOf,
  MailAttend,
  MailSettle,
  MailSite,
  MultiswarmError,
  subjects,
  toMessage,
  toWire,
  MessageSubmission,
  type MailAttended,
} from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { deliveryLabel, MailReader, MailSites, packed, type DeliveryTicket, type MailDelivery } from '../src';

const PLACE = { domain: 'hub', shard: mailboxShardOf('b') };
const HEAD = 'NATS/1.0\r\n';

let nats: TestServer;
let bus: Bus;
let ownerBus: Bus;

beforeAll(async () => {
  nats = await startNats();
  [bus, ownerBus] = (await Promise.all(
    ['reader', 'owner'].map((name) => connectBus({ servers: nats.url, name })),
  )) as [Bus, Bus];
  ownerBus.respond(subjects.messageSite(), { request: MailSite.partial().loose() }, async () =>
    Promise.resolve({ domain: 'hub', shards: 16 }),
  );
});

afterAll(async () => {
  await Promise.all([bus.close(), ownerBus.close()]);
  await nats.stop();
});

/** One reader, and the owner of its mailbox, which does what the test says; time passes when it is told to. */
class Desk {
  readonly clock = new ManualClock();
  readonly came: MailDelivery[] = [];
  readonly settled: MailSettle[] = [];
  readonly attended: MailAttend[] = [];
  readonly faults: unknown[] = [];
  readonly unreadable: string[] = [];
  /** Undefined: it does not answer. */
  answer: MailAttended | undefined = { sessionMs: 60_000, ackWaitMs: 6_000 };
  readonly reader = new MailReader({
    ...{ bus, sites: new MailSites(bus), clock: this.clock, namespace: 'default', mailbox: 'b' },
    ...{ reader: 'b-1', window: 10 },
    onMail: (delivery) => this.came.push(delivery),
    onFault: (error) => this.faults.push(error),
    onUnreadable: (error) => this.unreadable.push(error.message),
  });
  private readonly listening = [
    ownerBus.respond(subjects.mailbox(PLACE, 'attend'), { request: MailAttend }, (request) => {
      this.attended.push(request);
      if (this.answer === undefined)
        return Promise.reject(new MultiswarmError('bus-unavailable', 'nobody is here'));
      return Promise.resolve(this.answer);
    }),
    ownerBus.respond(subjects.mailbox(PLACE, 'settle'), { request: MailSettle }, (report) => {
      this.settled.push(report);
      return Promise.resolve({ unknown: [] });
    }),
  ];

  static async open(): Promise<Desk> {
    const desk = new Desk();
    await ownerBus.rttMs();
    desk.reader.start();
    await eventually(() => desk.attended.length === 1);
    await desk.calm();
    return desk;
  }

  /** Both have heard what the other one has said. */
  async calm(): Promise<void> {
    await bus.rttMs();
    await ownerBus.rttMs();
    await bus.rttMs();
  }

  async hand(given: Partial<DeliveryTicket> = {}, id = 'm-1', from = 'a', version = ''): Promise<void> {
    const ticket = { seq: 1, attempt: 1, epoch: 1, generation: 0, storedAtMs: 7, ...given };
    const submission = MessageSubmission.parse({ from, to: 'b', kind: 'work', qos: 'at-least-once' });
    const message = toMessage(submission, { id, acceptedAtMs: 1, traceparent: undefined });
    const { lines, body } = toWire(message, 'hub');
    const parcel = {
      label: version + deliveryLabel(ticket, message),
      headers: Buffer.from(`${HEAD}${lines}\r\n`),
    };
    const session = this.attended.at(-1)?.session ?? '';
    ownerBus.connection.publish(
      subjects.mailDelivery(session),
      packed([{ ...parcel, data: Buffer.from(body) }]),
    );
    await this.calm();
  }

  get acks(): number[] {
    return this.settled.flatMap(({ acks }) => acks);
  }

  async stop(): Promise<void> {
    await this.reader.stop();
    for (const each of this.listening) each.stop();
  }
}

let desk: Desk;
beforeEach(async () => {
  desk = await Desk.open();
});
afterEach(() => desk.stop());

test('a message that is here is not told again, and counts from then on as what it was handed over as last', async () => {
  await desk.hand({ generation: 3 });
  await desk.hand({ generation: 5, epoch: 2, attempt: 2 });
  expect(desk.came).toHaveLength(1);
  expect(desk.came[0]).toMatchObject({ seq: 1, storedAtMs: 7, generation: { epoch: 2, count: 5 } });
});

test('one that was acknowledged and comes again is acknowledged again, and not told; another one under its number is', async () => {
  await desk.hand();
  desk.reader.ack(1);
  await eventually(() => desk.acks.length === 1);
  await desk.hand({ attempt: 2 });
  await eventually(() => desk.acks.length === 2);
  expect(desk.came).toHaveLength(1);
  await desk.hand({}, 'm-2');
  expect(desk.came.map(({ message }) => message.id)).toEqual(['m-1', 'm-2']);
  expect(desk.acks).toEqual([1, 1]);
});

test('what comes while nothing was here is kept alive from then on as often as the mailbox wants it, not as often as the session', async () => {
  desk.clock.advance(15_000);
  await desk.calm();
  expect(desk.attended).toHaveLength(1); // three tenths of the session are not over
  await desk.hand();
  for (const times of [1, 2, 3]) {
    desk.clock.advance(2_000);
    await eventually(() => desk.settled.flatMap(({ extended }) => extended).length === times);
  }
  desk.reader.ack(1);
  await eventually(() => desk.acks.length === 1);
  const asked = desk.attended.length;
  desk.clock.advance(2_000);
  await eventually(() => desk.attended.length === asked + 1);
  await desk.calm();
  desk.clock.advance(17_000);
  await desk.calm();
  expect(desk.attended).toHaveLength(asked + 1);
});

test('an owner that does not answer is asked after growing pauses, up to two seconds; one that answers begins them anew', async () => {
  desk.answer = undefined;
  desk.clock.advance(20_000);
  const pauses = [250, 500, 1_000, 2_000, 2_000];
  for (const [at, ms] of pauses.entries()) {
    await eventually(() => desk.faults.length === at + 1);
    desk.clock.advance(ms - 1);
    await desk.calm();
    expect(desk.attended).toHaveLength(2 + at);
    if (at === pauses.length - 1) desk.answer = { sessionMs: 60_000, ackWaitMs: 6_000 };
    desk.clock.advance(1);
    await eventually(() => desk.attended.length === 3 + at);
  }
  await desk.calm();
  desk.answer = undefined;
  desk.clock.advance(20_000);
  await eventually(() => desk.faults.length === pauses.length + 1);
  const asked = desk.attended.length;
  desk.clock.advance(250);
  await eventually(() => desk.attended.length === asked + 1);
});

test('another message under the number of one that was acknowledged is told, also where two senders have chosen one id, or one has chosen it again', async () => {
  await desk.hand();
  desk.reader.ack(1);
  await desk.hand({}, 'm-1', 'c');
  expect(desk.came.map(({ message: { from } }) => from)).toEqual(['a', 'c']);
  desk.reader.ack(1);
  await desk.hand({ storedAtMs: 8 }, 'm-1', 'c');
  expect(desk.came.map(({ storedAtMs }) => storedAtMs)).toEqual([7, 7, 8]);
  desk.reader.ack(1);
});

test('what is handed over in a form that is not known goes back with its session, untried, and is told once; what is known goes on', async () => {
  for (const seq of [2, 3]) await desk.hand({ seq }, `m-${seq}`, 'a', 'v9:');
  expect(desk.unreadable).toHaveLength(1);
  expect(desk.unreadable[0]).toContain('v9:2.1.1.0.7.at-least-once');
  const [first] = desk.attended;
  desk.clock.advance(2_000);
  await eventually(() => desk.attended.length === 2);
  expect(desk.attended[1]).toMatchObject({ holding: [], replaces: [first?.session] });
  await desk.calm();
  await desk.hand({ seq: 2 }, 'm-2');
  await desk.hand({ seq: 3 }, 'm-3', 'a', 'v9:');
  desk.clock.advance(2_000);
  await eventually(() => desk.attended.at(-1)?.replaces.length === 1 && desk.attended.length > 2);
  expect(desk.attended.at(-1)).toMatchObject({ holding: [2], replaces: [desk.attended[1]?.session] });
  expect(desk.came.map(({ seq }) => seq)).toEqual([2]);
  expect(desk.unreadable).toHaveLength(1);
  expect(desk.settled.flatMap(({ naks, released }) => [...naks, ...released])).toEqual([]);
});

test('what comes just before the session is renewed does not put that off', async () => {
  desk.clock.advance(17_900);
  await desk.calm();
  expect(desk.attended).toHaveLength(1);
  await desk.hand();
  desk.clock.advance(100);
  await eventually(() => desk.attended.length === 2);
});

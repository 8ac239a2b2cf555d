import { connectBus, type Bus } from '@multiswarm/bus';
import {
  LocateQuery,
  MessageSubmission,
  MultiswarmError,
  subjects,
  toMessage,
  type Message,
} from '@multiswarm/contracts';
import { systemClock, systemIds } from '@multiswarm/core';
import { carryMail, MAIL_TRY_MS } from '@multiswarm/messaging';
import { createLogger } from '@multiswarm/telemetry';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import type { Swarm } from '../src';
import { Messages } from '../src/swarm/messages/messages';
import { testSwarm } from './fixtures';

let nats: TestServer;
let communicator: Bus;
let alice: Swarm;
let bob: Swarm;
let carol: Swarm;
let sent = 0;
let located = 0;

/** Sends a message as another swarm does. */
function deliver(submission: MessageSubmission, more: Partial<Message> = {}): void {
  const stamp = { id: `m-0000000${sent++}`, acceptedAtMs: Date.now(), traceparent: undefined };
  carryMail(communicator, { ...toMessage(submission, stamp), ...more }, 'hub');
}

beforeEach(async () => {
  located = 0;
  nats = await startNats();
  communicator = await connectBus({ servers: nats.url, name: 'communicator' });
  communicator.respond(subjects.messageLocate(), { request: LocateQuery }, async ({ to }) => {
    if (to === 'nobody') throw new MultiswarmError('recipient-unknown', 'no such swarm');
    // Answers to many questions come one after the other.
    for (let turn = located++; turn > 0; turn--) await communicator.rttMs();
    return { to, region: 'local' };
  });
  communicator.respond(subjects.messageSends(), { request: MessageSubmission }, async (submission) => {
    deliver(submission);
    const { from, to, kind, qos } = submission;
    const acceptedAt = new Date().toISOString();
    return {
      id: 'm',
      from,
      to,
      kind,
      qos,
      status: 'published',
      recipients: [],
      recipientCount: 1,
      acceptedAt,
    };
  });
  [alice, bob, carol] = ['alice', 'bob', 'carol'].map((id) =>
    testSwarm({ id, servers: nats.url }).handle('echo', (input) => input),
  ) as [Swarm, Swarm, Swarm];
  await Promise.all([alice, bob, carol].map((swarm) => swarm.start()));
});
afterEach(async () => {
  await Promise.all([alice, bob, carol].map((swarm) => swarm.stop()));
  await communicator.close();
  await nats.stop();
});

/** Everything that each swarm receives, as `recipient: kind data`. */
function listen(): string[] {
  const seen: string[] = [];
  for (const swarm of [alice, bob, carol]) {
    swarm.messages.on(
      '*',
      ({ kind, data, from }) => void seen.push(`${from} to ${swarm.id}: ${kind} ${JSON.stringify(data)}`),
    );
  }
  return seen;
}

const toBob = (kind: string, data: number) =>
  deliver(MessageSubmission.parse({ from: 'alice', to: 'bob', kind, data }));

describe('messages between swarms', () => {
  test('reach the one that they are sent to', async () => {
    const seen = listen();
    const status = await alice.messages.send({ to: 'bob', kind: 'status-update', data: { load: 0.5 } });
    expect(status).toMatchObject({ status: 'published', from: 'alice', to: 'bob' });
    await eventually(() => seen.length > 0);
    expect(seen).toEqual(['alice to bob: status-update {"load":0.5}']);
  });

  test('reach everyone but the sender when they are broadcast', async () => {
    const seen = listen();
    await alice.messages.broadcast({ kind: 'note', data: 1 });
    await alice.messages.send({ to: 'alice', kind: 'mark', data: 1 });
    await eventually(() => seen.length === 2);
    await communicator.rttMs();
    expect(seen.sort()).toEqual(['alice to bob: note 1', 'alice to carol: note 1']);
  });

  test('are waited for, where a broadcast is stored, for as long as a communicator may try each mailbox', async () => {
    const timeouts = async (bus: Bus): Promise<(number | undefined)[]> => {
      const asked = jest.spyOn(bus, 'request');
      const messages = new Messages({
        ...{ swarmId: 'dave', namespace: 'default', clock: systemClock, ids: systemIds },
        topics: () => alice.messages,
        log: createLogger({ service: 'swarm', level: 'silent' }),
      });
      messages.open(bus, 'dave');
      await messages.broadcast({ kind: 'note', data: 1 });
      await messages.broadcast({ kind: 'note', data: 2, qos: 'at-least-once' });
      await messages.gather({ to: '*', kind: 'note', qos: 'exactly-once' }, { timeoutMs: 50 });
      await messages.close();
      return asked.mock.calls
        .filter(([subject]) => subject === subjects.messageSend('default', 'dave'))
        .map(([, , { timeoutMs }]) => timeoutMs);
    };
    const bus = await connectBus({ servers: nats.url, name: 'dave' });
    const [mayBeLost, stored, gathered] = await timeouts(bus);
    expect(mayBeLost).toBeUndefined();
    expect(stored).toBeGreaterThan(MAIL_TRY_MS + 5_000);
    expect(gathered).toBe(stored);
    await bus.close();
  });

  test('fail where they are sent when there is no such recipient or they do not fit', async () => {
    await expect(alice.messages.send({ to: 'nobody', kind: 'note' })).rejects.toMatchObject({
      code: 'recipient-unknown',
    });
    await expect(alice.messages.send({ to: 'b o b', kind: '' })).rejects.toMatchObject({
      code: 'invalid-request',
    });
    await expect(
      testSwarm({ servers: nats.url }).messages.send({ to: 'bob', kind: 'note' }),
    ).rejects.toMatchObject({ code: 'bus-unavailable' });
  });

  test('go to the handlers of their kind, in order, one after the other, whatever a handler throws', async () => {
    const seen: string[] = [];
    bob.messages.on('number', async ({ data }) => {
      seen.push(`begin ${JSON.stringify(data)}`);
      await communicator.rttMs();
      seen.push(`end ${JSON.stringify(data)}`);
      if (data === 1) throw new Error('one is a bad number');
    });
    toBob('other', 0);
    toBob('number', 1);
    toBob('number', 2);
    await eventually(() => seen.length === 4);
    expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  test('come in the order in which they were sent, also those that were sent while the recipient was asked for', async () => {
    const seen: unknown[] = [];
    bob.messages.on('number', ({ data }) => void seen.push(data));
    let sent = 0;
    const send = (): Promise<unknown> => alice.messages.send({ to: 'bob', kind: 'number', data: sent++ });
    // Each that goes out is followed by others at once, while those before it may still be waiting for their turn.
    await Promise.all(
      Array.from({ length: 20 }, async () => send().then(() => Promise.all([send(), send()]))),
    );
    await eventually(() => seen.length === sent);
    expect(seen).toEqual(Array.from({ length: 60 }, (_, n) => n));
  });

  test('are dropped when they have expired before their handler could begin', async () => {
    const seen = listen();
    const late = MessageSubmission.parse({ from: 'alice', to: 'bob', kind: 'late' });
    deliver(late, { expiresAt: new Date(Date.now() - 1).toISOString() });
    toBob('fresh', 1);
    await eventually(() => seen.length > 0);
    expect(seen).toEqual(['alice to bob: fresh 1']);
  });

  test('no longer reach a handler that was removed', async () => {
    const seen = listen();
    const removed = jest.fn();
    bob.messages.on('*', removed)();
    toBob('note', 1);
    await eventually(() => seen.length > 0);
    expect(removed).not.toHaveBeenCalled();
  });
});

import { startNats } from '@multiswarm/testing';
import { headers } from '@nats-io/transport-node';
import { connectBus, wireHeadersOf, type WireHeaders } from '../src';

test('headers that came are read by name, and go on as they are', async () => {
  const nats = await startNats({ jetstream: false });
  const bus = await connectBus({ servers: nats.url, name: 'test' });
  const seen: (WireHeaders | undefined)[] = [];
  const { connection } = bus;
  connection.subscribe('first', {
    callback: (_error, message) => {
      const given = wireHeadersOf(message);
      seen.push(given);
      connection.publish('second', message.data, given ? { headers: given.sendable } : {});
    },
  });
  const second = new Promise<{ headers: WireHeaders | undefined; text: string }>((resolve) => {
    connection.subscribe('second', {
      callback: (_error, message) => resolve({ headers: wireHeadersOf(message), text: message.string() }),
    });
  });
  const sent = headers();
  sent.set('ce-id', 'm-1');
  sent.set('ce-id-more', 'another: name');
  sent.set('empty', '');
  sent.set('last', 'größer');
  connection.publish('first', 'the body', { headers: sent });
  const { headers: got, text } = await second;
  const names = ['ce-id', 'ce-id-more', 'empty', 'last', 'id', 'NATS/1.0'];
  expect(names.map((name) => got?.get(name))).toEqual(['m-1', 'another: name', '', 'größer', '', '']);
  expect(text).toBe('the body');
  connection.publish('first', 'without');
  await bus.rttMs();
  expect(seen[1]).toBeUndefined();
  await bus.close();
  await nats.stop();
});

import { MultiswarmError, type JsonValue } from '@multiswarm/contracts';
import { z } from 'zod';
import { defineMessage } from './define-message';
import { Handlers } from './swarm/messages/handlers';
import { PoisonMessage } from './swarm/messages/inbox';
import { assertSendable, checkedAnswer, checkedAnswers } from './swarm/messages/kinds';
import type { SwarmMessages } from './swarm/types';

const transfer = defineMessage({
  kind: 'transfer',
  data: z.object({ amount: z.number(), at: z.iso.datetime().transform((text) => new Date(text)) }),
  reply: z.object({ sum: z.number() }),
});
const data = { amount: 2, at: '2030-01-31T12:00:00Z' };
const message = (kind: string, given: JsonValue) => ({
  ...{ id: 'm-1', from: 'a', to: 'b', kind, data: given, namespace: 'default' },
  ...{ priority: 'normal' as const, qos: 'at-least-once' as const, sentAt: '2030-01-31T12:00:00.000Z' },
});

/** Compiles only where both sides are typed by the schemas; none of it runs. */
export async function typed(messages: SwarmMessages, kind: string): Promise<void> {
  await messages.send({ to: 'b', kind: transfer, data });
  // @ts-expect-error the amount is a number
  await messages.send({ to: 'b', kind: transfer, data: { ...data, amount: 'two' } });
  // @ts-expect-error its data cannot be left out
  await messages.send({ to: 'b', kind: transfer });
  await messages.send({ to: 'b', kind: 'status-update' });
  await messages.broadcast({ kind: 'event', data: { name: 'ready' } });
  // @ts-expect-error a status has no colour
  await messages.send({ to: 'b', kind: 'status-update', data: { colour: 'red' } });
  await messages.send({ to: 'b', kind: 'my-own', data: { colour: 'red' } });
  await messages.send({ to: 'b', kind });
  const { sum } = await messages.request({ to: 'b', kind: transfer, data });
  const { answers } = await messages.gather({ to: '*', kind: transfer, data });
  const state: 'accepted' | 'declined' | 'succeeded' | 'failed' = (
    await messages.request({ to: 'b', kind: 'task-request', data: { type: 'add' } })
  ).state;
  messages.on(transfer, ({ data: { amount, at } }) => ({ sum: amount + at.getTime() }));
  // @ts-expect-error it answers a sum
  messages.on(transfer, () => ({ total: sum }));
  messages.on('task-request', ({ data: { type } }) => ({ state, reason: type }));
  messages.onExactlyOnce(
    transfer,
    (): number => 0,
    (total, { data: { amount } }) => total + amount + (answers[0]?.data.sum ?? 0),
  );
}

test('data is sent as it was given, and its faults are told where it is sent', () => {
  expect(() => assertSendable(transfer, data)).not.toThrow();
  const wrong = (): void => assertSendable(transfer, { amount: 'two', at: 'noon' });
  expect(wrong).toThrow(MultiswarmError);
  expect(wrong).toThrow(
    'the data of "transfer" does not fit: /data/amount: expected a number, not "two" (and 1 more)',
  );
});

test('a handler gets what the schema makes of the data; what does not fit is poison, with every finding', async () => {
  const handlers = new Handlers();
  const handler = jest.fn((_message: object) => ({ sum: 2 }));
  handlers.add(transfer, handler);
  expect(await handlers.run(message('transfer', data))).toEqual({ sum: 2 });
  expect(handler.mock.calls[0]?.[0]).toMatchObject({ data: { amount: 2, at: new Date(data.at) } });
  const poisoned = handlers.run(message('transfer', { amount: 'two' }));
  await expect(poisoned).rejects.toThrow(PoisonMessage);
  await expect(poisoned).rejects.toThrow('/data/amount: expected a number, not "two"; /data/at: missing');
  expect(handler).toHaveBeenCalledTimes(1);
});

test('an answer that does not fit is not tried again, and fails whoever asked', async () => {
  const handlers = new Handlers();
  handlers.add(transfer, () => ({ total: 2 }));
  await expect(handlers.run(message('transfer', data))).rejects.toThrow(PoisonMessage);
  expect(checkedAnswer(transfer, { sum: 2 })).toEqual({ sum: 2 });
  expect(checkedAnswer('my-own', { total: 2 })).toEqual({ total: 2 });
  expect(() => checkedAnswer('task-request', 'done')).toThrow('the answer to "task-request" does not fit');
  const answers = ['a', 'b'].map((from) => ({ from, data: from === 'a' ? { sum: 1 } : 'none' }));
  const checked = checkedAnswers(transfer, { answers, failures: [], complete: true });
  expect(checked).toMatchObject({ answers: [{ from: 'a', data: { sum: 1 } }], failures: [{ from: 'b' }] });
});

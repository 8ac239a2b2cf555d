import { deferred } from '@multiswarm/core';
import { turns as pause } from '@multiswarm/testing';
import { Turns } from './turns';

test('what is given goes in its order, whatever is ready first, and does not wait for what went before to arrive', async () => {
  const turns = new Turns();
  const sent: string[] = [];
  const [first, arrival] = [deferred<string>(), deferred<string>()];
  const send = (name: string): Promise<string> => {
    sent.push(name);
    return name === 'a' ? arrival.promise : Promise.resolve(name);
  };
  const given = (name: string): Promise<string> => Promise.resolve(name);
  const a = turns.take('x', first.promise, send);
  const b = turns.take('x', given('b'), send);
  await turns.take('y', given('other'), send);
  expect([sent, turns.isTaken('x'), turns.isTaken('y')]).toEqual([['other'], true, false]);
  first.resolve('a');
  expect(await b).toBe('b');
  await pause();
  expect([sent, turns.isTaken('x')]).toEqual([['other', 'a', 'b'], false]);
  arrival.resolve('there');
  expect(await a).toBe('there');
});

test('what cannot be made ready, or sent, says so and holds nobody up', async () => {
  const turns = new Turns();
  const failed = turns.take('x', Promise.reject(new Error('no room')), () => 1);
  const refused = turns.take('x', Promise.resolve(1), () => Promise.reject(new Error('full')));
  const last = turns.take('x', Promise.resolve(2), (it) => it);
  await expect(failed).rejects.toThrow('no room');
  await expect(refused).rejects.toThrow('full');
  expect(await last).toBe(2);
  await pause();
  expect(turns.isTaken('x')).toBe(false);
});

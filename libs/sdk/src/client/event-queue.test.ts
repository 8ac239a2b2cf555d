import type { LiveEvent } from './types';
import { ManualClock } from '@multiswarm/core';
import { EventQueue } from './event-queue';

const event = (seq: number): LiveEvent => ({
  v: 1,
  type: 'task.queued',
  seq,
  at: 0,
  namespace: 'default',
  root: 't0-00000000',
});

describe('the event queue', () => {
  test('hands over in order, and the failure after all that came before it', async () => {
    const queue = new EventQueue(new ManualClock());
    queue.push(event(1));
    queue.fail(new Error('broken'));
    expect(await queue.next(undefined)).toEqual({ kind: 'event', event: event(1) });
    await expect(queue.next(undefined)).rejects.toThrow('broken');
  });

  test('turns what does not fit into one gap, and goes on after it', async () => {
    const queue = new EventQueue(new ManualClock(), 2);
    for (const seq of [1, 2, 3, 4]) queue.push(event(seq));
    expect((await queue.next(undefined)).kind).toBe('gap');
    expect(await queue.next(undefined)).toEqual({ kind: 'event', event: event(4) });
  });

  test('wakes a reader that waits, by an event, by silence and by its signal', async () => {
    const clock = new ManualClock();
    const queue = new EventQueue(clock);
    const first = queue.next(undefined);
    queue.push(event(1));
    expect((await first).kind).toBe('event');
    const second = queue.next(undefined, 100);
    clock.advance(100);
    expect((await second).kind).toBe('quiet');
    const abort = new AbortController();
    const third = queue.next(abort.signal);
    abort.abort(new Error('enough'));
    await expect(third).rejects.toThrow('enough');
  });

  test('makes a sender wait that can, until there is room', async () => {
    const queue = new EventQueue(new ManualClock(), 1);
    queue.push(event(1));
    let room = false;
    const waiting = queue.room().then(() => (room = true));
    await Promise.resolve();
    expect(room).toBe(false);
    await queue.next(undefined);
    await waiting;
    expect(room).toBe(true);
  });
});

import { connectBus } from '@multiswarm/bus';
import { subjects } from '@multiswarm/contracts';
import { startNats } from '@multiswarm/testing';
import { Completions, occurrences } from './completions';

test('bytes are found as often as they are there', () => {
  expect(occurrences(Buffer.from('ab-ab-aab'), Buffer.from('ab'))).toBe(3);
  expect(occurrences(Buffer.from(''), Buffer.from('ab'))).toBe(0);
});

describe('over NATS', () => {
  const event = (type: string) => ({ v: 1, type, seq: 1 });

  async function counting() {
    const nats = await startNats();
    const bus = await connectBus({ servers: nats.url, name: 'test' });
    const completions = new Completions(bus.connection);
    const publish = (id: string, ...types: string[]) =>
      bus.publish(subjects.event(3), { v: 1, events: types.map(event) }, { headers: { 'Nats-Msg-Id': id } });
    // What was published before has come back to this connection by then.
    const flush = (): Promise<unknown> => bus.rttMs().then(() => bus.rttMs());
    const stop = async (): Promise<void> => {
      completions.stop();
      await bus.close();
      await nats.stop();
    };
    return { completions, publish, flush, stop };
  }

  test('tasks that ended well count, each message once', async () => {
    const { completions, publish, flush, stop } = await counting();
    let over = false;
    const done = completions.next(4).then(() => (over = true));
    publish('3.7', 'task.running', 'task.succeeded', 'task.succeeded');
    publish('3.7', 'task.running', 'task.succeeded', 'task.succeeded');
    publish('3.8', 'task.succeeded', 'task.queued');
    await flush();
    expect(over).toBe(false);
    publish('3.9', 'task.succeeded');
    await done;
    await stop();
  });

  test('a task that failed ends the waiting', async () => {
    const { completions, publish, stop } = await counting();
    const done = completions.next(1);
    publish('3.1', 'task.failed');
    await expect(done).rejects.toThrow('a task failed');
    await stop();
  });
});

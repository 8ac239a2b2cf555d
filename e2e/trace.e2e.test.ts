import { PassThrough } from 'node:stream';
import type { Accepted, Message, Task } from '@multiswarm/contracts';
import { createSwarm, type Swarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import { startStack, type Stack } from './stack';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

const received: Message[] = [];
let stack: Stack;
let sender: Swarm;
let receiver: Swarm;
let swarmLog = '';

/** Makes a swarm whose log lines end up in `swarmLog`. */
function loggedSwarm(id: string, region: string): Swarm {
  const stream = new PassThrough().setEncoding('utf8').on('data', (text: string) => (swarmLog += text));
  const logger = createLogger({ service: 'swarm', level: 'debug', stream });
  return createSwarm({ id, region, slots: 1, servers: stack.nats.url, handleSignals: false, logger });
}

async function post<T>(url: string, body: unknown, traceparent: string): Promise<T> {
  const headers = { 'content-type': 'application/json', connection: 'close', traceparent };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.status).toBe(202);
  // The contract of the route says what it answers; the assertions below read it.
  return (await response.json()) as T;
}

beforeAll(async () => {
  stack = await startStack();
  receiver = loggedSwarm('receiver', 'eu-west').handle('listen', () => null);
  receiver.messages.on('told', (message) => void received.push(message));
  sender = loggedSwarm('sender', 'us-east').handle('tell', (_input, { messages, task }) =>
    messages.send({ to: 'receiver', kind: 'told', data: { task: task.id } }),
  );
  await receiver.start();
  await sender.start();
});
afterAll(async () => {
  await Promise.all([sender.stop(), receiver.stop()]);
  await stack.stop();
});

test('the trace of a submission is in the logs of the three services and the swarm, and in the message that the task sends', async () => {
  const url = stack.url('orchestrator');
  const { id } = await post<Accepted>(`${url}/v1/tasks`, { type: 'tell' }, TRACEPARENT);
  const waited = await fetch(`${url}/v1/tasks/${id}?waitMs=20000`, { headers: { connection: 'close' } });
  expect(await waited.json()).toMatchObject({
    state: 'succeeded',
    traceId: TRACE_ID,
  } satisfies Partial<Task>);
  await eventually(() => received.length > 0, { describe: 'the message' });
  expect(received).toEqual([expect.objectContaining({ from: 'sender', data: { task: id } })]);
  expect(received[0]?.traceparent).toContain(TRACE_ID);

  for (const name of ['orchestrator', 'load-balancer', 'communicator'] as const) {
    const log = stack.services[name];
    await eventually(() => log.log().some(({ traceId }) => traceId === TRACE_ID), {
      describe: () => `the trace in the log of the ${name}:\n${log.stderr()}\n`,
    });
  }
  const aboutTheTask = stack.services.orchestrator.log().filter(({ taskId }) => taskId === id);
  expect(aboutTheTask.every(({ traceId }) => traceId === TRACE_ID)).toBe(true);
  expect(swarmLog).toContain(`"traceId":"${TRACE_ID}"`);
});

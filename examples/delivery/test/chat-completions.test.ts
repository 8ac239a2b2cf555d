import { ChatError, completeChat, type ChatRequest } from '../llm/chat-completions';
import { ChatServer, completion, type Reply } from './chat-server';

const server = new ChatServer();
let baseUrl: string;
beforeAll(async () => {
  baseUrl = await server.start();
});
afterAll(() => server.stop());
beforeEach(() => (server.calls.length = 0));

function ask(reply: Reply, change: Partial<ChatRequest> = {}): ReturnType<typeof completeChat> {
  server.reply = () => reply;
  return completeChat({
    baseUrl,
    apiKey: 'a-key',
    model: 'a-model',
    messages: [{ role: 'user', content: 'hello' }],
    maxTokens: 100,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...change,
  });
}

async function faultOf(asked: Promise<unknown>): Promise<ChatError> {
  const fault: unknown = await asked.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(ChatError);
  return fault as ChatError;
}

test('an answer comes with its text and its tokens, and the request has key and model', async () => {
  const answer = await ask({ status: 200, body: completion('good morning') }, { baseUrl: `${baseUrl}/` });
  expect(answer).toEqual({ text: 'good morning', inputTokens: 321, outputTokens: 45 });
  expect(server.calls).toEqual([
    {
      path: '/v1/chat/completions',
      authorization: 'Bearer a-key',
      body: { model: 'a-model', messages: [{ role: 'user', content: 'hello' }], max_tokens: 100 },
    },
  ]);
});

test.each([
  [429, true],
  [500, true],
  [503, true],
  [408, true],
  [400, false],
  [401, false],
  [404, false],
])('status %i is retryable: %s', async (status, retryable) => {
  const body = JSON.stringify({ error: { message: 'not now' } });
  const fault = await faultOf(ask({ status, body }));
  expect(fault).toMatchObject({ status, retryable, message: `the model answered ${status}: not now` });
  expect(server.calls).toHaveLength(1);
});

test.each([
  ['no JSON', '<html>', /^the answer is no JSON: <html>$/],
  ['null', 'null', /^the answer has no text$/],
  ['no choice', '{"choices":[]}', /^the answer has no text$/],
  ['an empty text', completion('  '), /^the answer has no text$/],
  ['a text that is cut off', completion('so', 'length'), /^the answer was cut off/],
])('an answer that is %s is a failure that may pass', async (_name, body, message) => {
  const fault = await faultOf(ask({ status: 200, body }));
  expect(fault.retryable).toBe(true);
  expect(fault.message).toMatch(message);
});

test('an endpoint without token counts costs zero', async () => {
  const body = JSON.stringify({ choices: [{ message: { content: 'free' } }] });
  expect(await ask({ status: 200, body })).toEqual({ text: 'free', inputTokens: 0, outputTokens: 0 });
});

test('a call that takes too long is a retryable failure that names the limit', async () => {
  const fault = await faultOf(ask('never', { timeoutMs: 50 }));
  expect(fault).toMatchObject({ retryable: true, message: 'the model did not answer within 50 ms' });
});

test('a connection that breaks is retryable', async () => {
  expect(await faultOf(ask('hang-up'))).toMatchObject({ retryable: true });
});

test('an abort from outside throws its own reason', async () => {
  const controller = new AbortController();
  const reason = new Error('cancelled by the task');
  server.reply = () => {
    controller.abort(reason);
    return 'never';
  };
  const asked = completeChat({
    baseUrl,
    apiKey: 'a-key',
    model: 'a-model',
    messages: [],
    maxTokens: 1,
    timeoutMs: 10_000,
    signal: controller.signal,
  });
  await expect(asked).rejects.toBe(reason);
});

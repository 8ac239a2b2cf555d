import { MultiswarmError } from '@multiswarm/contracts';
import { writeDesign } from '../llm/write-design';
import { ChatServer, completion } from './chat-server';
import { DELIVERY, agent, outputOf, startAgent } from './run-agent';

const server = new ChatServer();
let baseUrl: string;
/* eslint-disable @typescript-eslint/no-explicit-any -- outputs are JSON; the assertions are what checks them */
let analysis: any;
let design: any;

beforeAll(async () => {
  baseUrl = await server.start();
  analysis = await outputOf(agent('analyze'), { project: `${DELIVERY}/project` });
  design = await outputOf(agent('design'), { upstream: { analysis } });
}, 60_000);
afterAll(() => server.stop());

async function write(
  input: any = { upstream: { analysis } },
  controller = new AbortController(),
): Promise<any> {
  const spent: unknown[] = [];
  const ctx = { signal: controller.signal, usage: (tokens: unknown) => void spent.push(tokens) };
  const model = { baseUrl, apiKey: 'a-key', model: 'a-model', timeoutMs: 20_000 };
  return { output: await writeDesign(input, ctx, model), spent };
}

test('the model writes the introduction; plan, tables and everything else stay', async () => {
  const prose = `linktrail 1.4.2 calls deprecated APIs in ${analysis.uses.length} places. They are replaced one by one.`;
  server.reply = () => ({ status: 200, body: completion(prose) });
  const { output, spent } = await write();
  const { note, writer, ...rest } = output;
  const { note: plainNote, ...plain } = design;
  expect(rest).toEqual(plain);
  expect(writer).toBe('a-model');
  expect(spent).toEqual([{ inputTokens: 321, outputTokens: 45 }]);
  expect(note).toContain(prose);
  const sections = (text: string): string => text.slice(text.indexOf('## What was found'));
  expect(sections(note)).toBe(sections(plainNote));
  expect(server.calls.at(-1)?.body.messages[1]?.content).toBe(JSON.stringify(design.facts));
});

test.each([
  ['too many requests', { status: 429, body: '' }, { code: 'llm-unavailable', retryable: true }],
  ['a wrong key', { status: 401, body: '' }, { code: 'llm-refused', retryable: false }],
  [
    'invented numbers',
    { status: 200, body: completion('It has 4711 uses.') },
    { code: 'llm-unusable-answer', retryable: true },
  ],
])('%s fails the attempt with a code of its own', async (_name, reply, expected) => {
  server.reply = () => reply;
  await expect(write()).rejects.toMatchObject(expected);
});

test('a fault of the input is not retried, and no model is asked', async () => {
  const calls = server.calls.length;
  await expect(write({ upstream: {} })).rejects.toMatchObject({
    code: 'design-failed',
    retryable: false,
    message: 'this step needs the output of one step of the kind "analysis": there is no upstream output',
  });
  expect(server.calls).toHaveLength(calls);
});

test('a cancelled attempt ends with the reason of its signal', async () => {
  const controller = new AbortController();
  const reason = new MultiswarmError('cancelled', 'cancelled on request');
  server.reply = () => {
    controller.abort(reason);
    return 'never';
  };
  await expect(write(undefined, controller)).rejects.toBe(reason);
});

test('without a model the program says what to set and ends', async () => {
  const command = 'node -C multiswarm-source -r ts-node/register examples/delivery/llm-agent.ts';
  const { code, stderr } = await startAgent(command, '', {
    env: { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: '', OPENAI_MODEL: '' },
  }).ended;
  expect(code).toBe(1);
  expect(stderr.trim()).toBe('llm-agent: set OPENAI_API_KEY, OPENAI_MODEL to let a model write');
});

import { connectBus, type Bus } from '@multiswarm/bus';
import {
  DispatchReply,
  Heartbeat,
  ReportRequest,
  subjects,
  type AttemptReport,
  type JsonValue,
} from '@multiswarm/contracts';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { ChatServer, completion } from './chat-server';
import { DELIVERY, agent, outputOf, startAgent, type RunningAgent } from './run-agent';

const START = 'node -C multiswarm-source -r ts-node/register examples/delivery/llm-agent.ts';
const SHARD = 0;

const chat = new ChatServer();
const heartbeats: Heartbeat[] = [];
const reports: AttemptReport[] = [];
let nats: TestServer;
let bus: Bus;
let swarm: RunningAgent;

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus({ servers: nats.url, name: 'the other side' });
  bus.subscribe(subjects.allHeartbeats(), { schema: Heartbeat }, (beat) => void heartbeats.push(beat));
  bus.respond(subjects.shardReport(SHARD), { request: ReportRequest }, async (request) => {
    reports.push(...request.reports);
    const acks = request.reports.map(({ taskId, attempt }) => ({ taskId, attempt, status: 'recorded' }));
    return { v: 1, acks };
  });
  const model = { OPENAI_BASE_URL: await chat.start(), OPENAI_API_KEY: 'a-key', OPENAI_MODEL: 'a-model' };
  swarm = startAgent(START, '', { env: { ...model, NATS_URL: nats.url } });
}, 60_000);
afterAll(async () => {
  swarm.process.kill('SIGKILL');
  await swarm.ended;
  await bus.close();
  await nats.stop();
  await chat.stop();
});

test('the program joins the fleet, writes a design, reports its tokens, and drains on SIGTERM', async () => {
  const profile = await eventually(() => heartbeats.find(({ state }) => state === 'ready'), {
    timeoutMs: 30_000,
    describe: 'a heartbeat',
  });
  expect(profile).toMatchObject({ swarmId: 'eu-west-writers', region: 'eu-west', types: ['development'] });
  expect(profile.labels).toMatchObject({ model: 'a-model' });

  const analysis = (await outputOf(agent('analyze'), { project: `${DELIVERY}/project` })) as JsonValue;
  chat.reply = () => ({ status: 200, body: completion('Old calls go, new ones come.') });
  const attempt = {
    taskId: 't0-llmswarm1',
    attempt: 1,
    shard: SHARD,
    swarmId: profile.swarmId,
    type: 'development',
    namespace: 'default',
    priority: 'normal',
    input: { upstream: { analyze_requirements: analysis } },
    resources: {},
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const body = { v: 1, shard: SHARD, epoch: 1, attempts: [attempt] };
  const reply = await bus.request(subjects.swarmTasks(profile.swarmId), body, { reply: DispatchReply });
  expect(reply.outcomes).toMatchObject([{ outcome: 'accepted' }]);

  const report = await eventually(() => reports[0], { timeoutMs: 30_000, describe: 'a report' });
  expect(report).toMatchObject({ outcome: 'succeeded', usage: { inputTokens: 321, outputTokens: 45 } });
  const output = report.output as { kind: string; note: string; writer: string };
  expect(output).toMatchObject({ kind: 'design', writer: 'a-model' });
  expect(output.note).toContain('\n\nOld calls go, new ones come.\n\n## What was found');

  swarm.process.kill('SIGTERM');
  expect((await swarm.ended).code).toBe(0);
});

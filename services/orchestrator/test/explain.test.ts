import { EXPLAINED_REASONS, Explanation, isTerminal, subjects } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { expectAgreement } from './support/event-log';
import { busy, ExplainBench } from './support/explain-bench';
import { SITUATIONS } from './support/explain-situations';

const bench = new ExplainBench();

beforeAll(() => bench.start());
afterEach(() => bench.cleanUp());
afterAll(() => bench.stop());

test('an unknown task is not found, over HTTP and over NATS', async () => {
  const id = 't1-01a203efe53c1c3a11d42cb6b8';
  // A busy machine may still be taking the shards: until then nobody knows what there is.
  const answer = await eventually(async () => {
    const given = await bench.one.call('GET', `/v1/tasks/${id}/explain`);
    return given.status !== 503 && given;
  });
  expect(answer).toMatchObject({ status: 404, body: { code: 'task-not-found', retryable: false } });
  await expect(
    bench.world.bus.request(subjects.task('explain'), { id }, { reply: Explanation }),
  ).rejects.toMatchObject({ code: 'task-not-found' });
});

test('each reason that the contract names is created here, and no other', () => {
  expect(new Set(SITUATIONS.map(({ reason }) => reason))).toEqual(new Set(EXPLAINED_REASONS));
});

test.each(SITUATIONS.map((each) => [each.reason, each.what, each] as const))(
  '%s, %s: as the event log has it',
  async (reason, _what, { create, says }) => {
    const id = await create(bench);
    const told = await bench.explainedAs(id, reason);
    expectAgreement(told, await bench.eventsOf(id));
    await says(told, bench);
  },
);

test('a likely start is computed from how fast its class was started', async () => {
  const given = { type: 'paced' }; // a class of its own: nothing was measured of it before
  const swarm = await bench.world.swarm('a', busy, { slots: 1 });
  const ids = [await bench.running(given)];
  for (let at = 0; at < 4; at += 1) ids.push(await bench.submit(given));
  const last = ids.at(-1) ?? '';
  await bench.explainedAs(last, 'no-slot');
  for (const id of ids.slice(0, 2)) {
    await eventually(() => swarm.holds(id), { describe: `${id} running` });
    await swarm.report(id, 1);
  }
  await eventually(() => swarm.holds(ids[2] ?? ''), { describe: 'the third running' });
  const { line, likelyStart, explainedAt } = await bench.explainedAs(last, 'no-slot');
  expect(line?.before).toBe(1);
  const { at, pace } = likelyStart ?? { at: '', pace: { starts: 0, inMs: 0 } };
  expect(pace.starts).toBe(2);
  const after = Date.parse(at) - Date.parse(explainedAt);
  expect(Math.abs(after - pace.inMs)).toBeLessThan(50); // two more, as the two before
});

test('through a refusal, a loss and a failure the explanation is at each moment what the event log tells', async () => {
  const swarm = await bench.world.swarm('a', busy);
  let refusals = 1;
  swarm.admit = () => (refusals-- > 0 ? 'refused' : undefined);
  const id = await bench.submit({ retry: { maxAttempts: 2, initialMs: 20, jitter: 0 } });
  const until = async (state: string, attempt: number): Promise<Explanation> => {
    const told = await eventually(
      async () => {
        const now = await bench.explained(id);
        return now.state === state && now.tries.attempts >= attempt ? now : undefined;
      },
      { timeoutMs: 30_000, describe: `${id} being ${state} in attempt ${attempt}` },
    );
    expectAgreement(told, await bench.eventsOf(id));
    return told;
  };
  const { attempts: lost } = (await until('running', 1)).tries;
  swarm.restart();
  await until('running', lost + 1);
  await swarm.report(id, lost + 1, {
    outcome: 'failed',
    error: { code: 'x', message: 'no', retryable: true },
  });
  await until('running', lost + 2);
  await swarm.report(id, lost + 2);
  const last = await until('succeeded', lost + 2);
  expect(last.attempts.map(({ outcome }) => outcome)).toEqual(
    expect.arrayContaining(['lost', 'failed', 'succeeded']),
  );
  expect(last.tries).toMatchObject({ failures: 1, losses: 1 });
  expect(isTerminal(last.state)).toBe(true);
});

import type { Event, Task, Workflow } from '@multiswarm/contracts';
import { connectBus, type Bus } from '@multiswarm/bus';
import { eventually } from '@multiswarm/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DevSystem, type Swarmctl } from './support/dev-system';
import { call } from './support/http';

const FLEET = join(__dirname, 'support', 'small-fleet.yaml');
let system: DevSystem;

beforeAll(async () => {
  system = await DevSystem.prepare();
  await system.start('--fleet', FLEET);
});
afterAll(() => system.dispose());

interface Listed<T> {
  items: T[];
  next: string | null;
}

function hold(id: string, holdMs: number): object {
  return { id, type: 'wfcommons', input: { holdMs } };
}

const stepOf = (workflow: Workflow, id: string): Workflow['steps'][number] => {
  const found = workflow.steps.find((one) => one.id === id);
  if (!found) throw new Error(`no step ${id}`);
  return found;
};

describe('a service or a swarm that dies', () => {
  test('the orchestrator is started again, and the workflow that was under way finishes', async () => {
    const file = JSON.stringify({
      tasks: [hold('a', 2_500), hold('b', 300), hold('c', 300)],
      dependencies: { b: ['a'], c: ['b'] },
    });
    const waiting = system.background(
      ['workflow', 'run', '-', '--wait', '-o', 'json', '--timeout', '90s'],
      file,
    );
    await eventually(() => /a +running/.test(waiting.err), {
      timeoutMs: 15_000,
      describe: () => `step a to run, but: ${waiting.err}`,
    });
    const before = await system.pidOf('orchestrator');
    process.kill(before, 'SIGKILL');
    const { code, out } = await waiting.exited;
    expect(code).toBe(0);
    expect((JSON.parse(out) as Workflow).steps.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'a succeeded',
      'b succeeded',
      'c succeeded',
    ]);
    expect(await system.pidOf('orchestrator')).not.toBe(before);
  });

  test('a swarm that is killed in the middle: its attempt runs elsewhere, and nothing of it stays', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fragile-'));
    // Who begins first would take a minute.
    const program = `mkdir ${folder}/begun 2>/dev/null && sleep 60; echo 42`;
    const fragile = ['swarm', 'run', '--type', 'fragile', '--exec', program];
    const swarms = new Map(
      ['eu-west', 'us-east'].map((region) => [
        `${region}-fragile`,
        system.background([...fragile, '--id', `${region}-fragile`, '--region', region]),
      ]),
    );
    await eventually(
      async () => {
        const { items } = await system.json<Listed<{ swarmId: string }>>('swarm', 'list');
        return [...swarms.keys()].every((id) => items.some(({ swarmId }) => swarmId === id));
      },
      { timeoutMs: 20_000 },
    );
    const { id } = await system.json<{ id: string }>('task', 'submit', 'fragile');
    const first = await eventually(
      async () => {
        const task = await system.json<Task>('task', 'get', id);
        return task.state === 'running' ? task.swarmId : undefined;
      },
      { timeoutMs: 15_000 },
    );
    swarms.get(first)?.child.kill('SIGKILL');

    await eventually(async () => (await system.json<Task>('task', 'get', id)).state === 'succeeded', {
      timeoutMs: 60_000,
    });
    const task = await system.json<Task>('task', 'get', id);
    expect(task.output).toBe(42);
    expect(task.attempts[0]).toMatchObject({ attempt: 1, swarmId: first, outcome: 'lost' });
    expect(task.swarmId).not.toBe(first);
    expect(task.attempts.at(-1)).toMatchObject({ outcome: 'succeeded' });
    const shown = await system.run('task', 'get', id);
    expect(shown.out).toMatch(/#1 lost on [^]*why here: [^]*#2 succeeded on [^]*why here: /);
    for (const swarm of swarms.values()) swarm.child.kill('SIGTERM');
    await Promise.all([...swarms.values()].map(({ exited }) => exited));
    await rm(folder, { recursive: true });
  });
});

describe('work that cannot run', () => {
  test('a task that nobody can take waits, and says which requirement nobody meets', async () => {
    const { id } = await system.json<{ id: string }>(
      'task',
      'submit',
      'echo',
      '--capability',
      'time-travel',
      '--region',
      'mars-*',
    );
    const shown = await eventually(async () => {
      const { out } = await system.run('task', 'get', id);
      return out.includes('why it waits') ? out : undefined;
    });
    expect(shown).toContain('capability "time-travel"');
    expect(shown).toContain('mars-*');
    expect((await system.json<Task>('task', 'get', id)).state).toBe('queued');
    expect(await system.run('task', 'cancel', id, '--reason', 'wrong planet', '--wait')).toMatchObject({
      code: 0,
    });
  });

  test('a workflow that is cancelled stops what runs and starts nothing more', async () => {
    const plan = JSON.stringify({ tasks: [hold('a', 600_000), hold('b', 0)], dependencies: { b: ['a'] } });
    const id = (await system.runWith(plan, 'workflow', 'run', '-', '-o', 'name')).out.trim();
    const states = async (): Promise<string[]> =>
      (await system.json<Workflow>('workflow', 'get', id)).steps.map(({ state }) => state);
    await eventually(async () => (await states())[0] === 'running', { timeoutMs: 15_000 });
    expect(await system.run('workflow', 'cancel', id, '--reason', 'enough', '--wait')).toMatchObject({
      code: 0,
    });
    expect(await states()).toEqual(['cancelled', 'cancelled']);
  });

  test('work that fails makes --wait end with 1, and a wait that is too short with 6', async () => {
    const failed = await system.run(
      'task',
      'submit',
      'wfcommons',
      '--input',
      '{"holdMs":"x"}',
      '--wait',
      '-o',
      'json',
    );
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toMatchObject({ state: 'failed', error: { code: 'invalid-input' } });
    const late = await system.run(
      'task',
      'submit',
      'wfcommons',
      '--input',
      '{"holdMs":5000}',
      '--wait',
      '--timeout',
      '300ms',
    );
    expect(late.code).toBe(6);
    expect(late.err).toContain('has not ended after 0.3 s; it goes on');
  });

  test('what is not there is exit 3, what makes no sense exit 2, a reused key exit 5, nobody there exit 7', async () => {
    expect(await system.run('task', 'get', 't0-0123456789ab')).toMatchObject({ code: 3 });
    expect(await system.run('workflow', 'get', 'w0-0123456789ab')).toMatchObject({ code: 3 });
    expect(await system.run('task', 'get', 'nonsense')).toMatchObject({ code: 2 });
    const submit = (input: string) =>
      system.run('task', 'submit', 'echo', '--idempotency-key', 'once', '--input', input, '-o', 'name');
    const [first, repeated, other] = [await submit('1'), await submit('1'), await submit('2')];
    expect(first.code).toBe(0);
    expect(repeated).toMatchObject({ code: 0, out: first.out });
    expect(other).toMatchObject({ code: 5 });
    expect(await system.run('status', '--url', 'http://127.0.0.1:1')).toMatchObject({ code: 7 });
  });
});

function eventsOf(lines: string): Event[] {
  const texts = lines.trim().split('\n');
  return texts.map((line) => JSON.parse(line) as Event);
}

test('events go into an archive that is whole, and are read from it as from the system itself', async () => {
  const submitted = await system.run('task', 'submit', 'echo', '--input', '{"a":1}', '--wait', '-o', 'json');
  const { id } = JSON.parse(submitted.out) as Task;
  const live = await system.run('task', 'history', id, '-o', 'jsonl');
  const directory = await mkdtemp(join(tmpdir(), 'archive-'));
  const file = join(directory, 'events.jsonl.gz');
  try {
    // Events reach the stream some milliseconds after the answers.
    await eventually(async () =>
      (
        await system.run('event', 'tail', '--root', id, '--from', '1h', '--to', '0s', '-o', 'name')
      ).out.includes(`${id}/5`),
    );
    expect(await system.run('event', 'archive', '--file', file)).toMatchObject({ code: 0 });
    const nobody = ['--url', 'http://127.0.0.1:1'];
    expect(await system.run('event', 'verify', file, ...nobody)).toMatchObject({ code: 0 });
    const archived = await system.run('task', 'history', id, '--archive', file, '-o', 'jsonl', ...nobody);
    expect([archived.code, eventsOf(archived.out)]).toEqual([0, eventsOf(live.out)]);
    const listed = await system.run(
      'task',
      'list',
      '--archive',
      file,
      '--state',
      'succeeded',
      '--all',
      '-o',
      'name',
      ...nobody,
    );
    expect(listed.out.split('\n')).toContain(id);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('an archive over several files lacks nothing, though it was killed and the stream has lost meanwhile what followed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'archive-'));
  const connecting = connectBus({ name: 'test', servers: system.nats });
  const rotating = ['--follow', '--resume', '--rotate-every', '500ms'];
  const begin = (): Swarmctl =>
    system.background(['event', 'archive', '--file', join(directory, 'events.jsonl.gz'), ...rotating]);
  const submit = async (type = 'echo'): Promise<string> => {
    const { body } = await call<{ id: string }>(`${system.url}/v1/tasks`, { type, input: {} });
    return body.id;
  };
  const historyOf = async (id: string): Promise<Event[]> =>
    (await call<Listed<Event>>(`${system.url}/v1/tasks/${id}/events`)).body.items;
  const ended = (id: string): Promise<unknown> =>
    eventually(async () => (await historyOf(id)).some(({ type }) => type === 'task.succeeded'));
  const archived = async (): Promise<Event[]> => {
    const { out } = await system.run('event', 'tail', '--archive', directory, '--partial', '-o', 'jsonl');
    return out === '' ? [] : eventsOf(out);
  };
  const has = (id: string, last: Event['type']): Promise<unknown> =>
    eventually(async () => (await archived()).some(({ root, type }) => root === id && type === last), {
      timeoutMs: 15_000,
      describe: `${last} of ${id} in the archive`,
    });
  try {
    const bus = await connecting;
    const killed = begin();
    const [before, open] = [await submit(), await submit('nobody-takes-this')];
    await Promise.all([has(before, 'task.succeeded'), has(open, 'task.queued')]);
    killed.child.kill('SIGKILL');
    await killed.exited;
    const within = await submit();
    await ended(within);
    await call(`${system.url}/v1/tasks/${open}/cancel`, {});
    await eventually(async () => (await historyOf(open)).some(({ type }) => type === 'task.cancelled'));
    await eventually(async () => (await lastIn(bus))?.includes(open)); // it has come to the stream
    await bus.connection.request('$JS.API.STREAM.PURGE.EVENTS');
    const again = begin();
    const after = await submit();
    await has(after, 'task.succeeded');
    again.child.kill('SIGINT');
    expect(await again.exited).toMatchObject({ code: 0, err: expect.stringContaining('gap: ') as string });
    expect(await system.run('event', 'verify', directory)).toMatchObject({ code: 0 });
    const all = await archived();
    for (const id of [before, open, within, after])
      expect(all.filter(({ root }) => root === id).map(withoutId)).toEqual(await historyOf(id));
  } finally {
    await (await connecting).close();
    await rm(directory, { recursive: true });
  }
});

/** The newest message of the stream, where it has one. */
async function lastIn({ connection }: Bus): Promise<string | undefined> {
  const { state } = (await connection.request('$JS.API.STREAM.INFO.EVENTS')).json<{
    state: { last_seq: number };
  }>();
  const asked = JSON.stringify({ seq: state.last_seq });
  const { message } = (await connection.request('$JS.API.STREAM.MSG.GET.EVENTS', asked)).json<{
    message?: { data: string };
  }>();
  return message && Buffer.from(message.data, 'base64').toString();
}

function withoutId(event: Event & { id?: string }): Event {
  const { id: _id, ...rest } = event;
  return rest;
}

describe('a workflow file that cannot run', () => {
  const good = { id: 'a', type: 'echo' };
  const cases: [string, string, string[]][] = [
    [
      'a cycle',
      JSON.stringify({ tasks: [good, { id: 'b', type: 'echo' }], dependencies: { a: ['b'], b: ['a'] } }),
      ['cycle: a -> b -> a'],
    ],
    [
      'an unknown dependency',
      JSON.stringify({ tasks: [good], dependencies: { a: ['ghost'] } }),
      ['/dependencies/a/0: no task has the id "ghost"'],
    ],
    [
      'a duplicate id',
      JSON.stringify({ tasks: [good, good] }),
      ['/tasks/1/id: "a" is already the id of tasks[0]'],
    ],
    [
      'an unknown field',
      JSON.stringify({ tasks: [{ ...good, colour: 'red' }] }),
      ['/tasks/0/colour: unknown field "colour"'],
    ],
    ['a wrong type', JSON.stringify({ tasks: [{ ...good, priority: 5 }] }), ['/tasks/0/priority: ']],
    ['no tasks', JSON.stringify({ tasks: [] }), ['/tasks: a workflow needs at least one task']],
    ['broken JSON', '{"tasks": [\n  {"id": "a",}\n]}', ['standard input:2:14: not valid JSON']],
    ['broken YAML', 'tasks:\n  - id: a\n   type: b\n', ['standard input:3:', 'not valid YAML']],
    [
      'a body over the limit',
      JSON.stringify({ tasks: [{ ...good, input: { text: 'x'.repeat(5 * 1024 * 1024) } }] }),
      ['is too large'],
    ],
    [
      'several faults at once',
      JSON.stringify({
        tasks: [{ id: 'a' }, { id: 'a', type: 'echo', x: 1 }],
        dependencies: { a: ['b'], c: [] },
      }),
      ['/tasks/0/type: ', '/tasks/1/x: ', '/tasks/1/id: ', '/dependencies/a/0: ', '/dependencies/c: '],
    ],
  ];

  test.each(cases)(
    '%s: exit 2, everything is said at once, nothing is stored',
    async (_what, text, expected) => {
      const { items: before } = await system.json<Listed<Workflow>>('workflow', 'list', '--all');
      const { code, out, err } = await system.runWith(text, 'workflow', 'run', '-', '--wait');
      expect(code).toBe(2);
      expect(out).toBe('');
      for (const sentence of expected) expect(err).toContain(sentence);
      const { items: after } = await system.json<Listed<Workflow>>('workflow', 'list', '--all');
      expect(after.length).toBe(before.length);
    },
  );

  test('the server refuses the same, for those who do not ask here first', async () => {
    const response = await fetch(`${system.url}/v1/workflows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tasks: [good, good], dependencies: { a: ['b'] } }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'invalid-workflow',
      errors: [{ pointer: '/tasks/1/id' }, { pointer: '/dependencies/a/0' }],
    });
  });
});

describe('a recorded workflow', () => {
  const instance = {
    name: 'fan out and in',
    schemaVersion: '1.5',
    workflow: {
      specification: {
        tasks: [
          { id: 'split 1', name: 'split', parents: [], children: ['left', 'right'] },
          { id: 'left', name: 'work', parents: ['split 1'], children: ['join'] },
          { id: 'right', name: 'work', parents: ['split 1'], children: ['join'] },
          { id: 'join', name: 'join', parents: ['left', 'right'], children: [] },
        ],
      },
      execution: {
        tasks: [
          { id: 'split 1', runtimeInSeconds: 4 },
          { id: 'left', runtimeInSeconds: 8 },
          { id: 'right', runtimeInSeconds: 2 },
        ],
      },
    },
  };

  test('is replayed in the order of its parents by agents that hold their slot for the scaled time', async () => {
    const args = [
      'workflow',
      'run',
      '--format',
      'wfcommons',
      '-',
      '--time-scale',
      '0.1',
      '--wait',
      '-o',
      'json',
    ];
    const { code, out, err } = await system.runWith(JSON.stringify(instance), ...args);
    expect(code).toBe(0);
    expect(err).toContain('time scale 0.1');
    expect(err).toContain('"split 1" is step split:201');
    expect(err).toContain('warning: join: no runtime was recorded, taken as 0');
    const workflow = JSON.parse(out) as Workflow;
    expect(workflow.state).toBe('succeeded');

    const tail = await system.run(
      'event',
      'tail',
      '--root',
      workflow.id,
      '--since',
      '0-0',
      '--timeout',
      '2s',
      '-o',
      'jsonl',
    );
    const events = tail.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1));
    const at = (type: string, name: string): number =>
      events.findIndex((event) => event.type === type && event.step === name);
    for (const [child, parents] of [
      ['left', ['split:201']],
      ['right', ['split:201']],
      ['join', ['left', 'right']],
    ] as const) {
      for (const parent of parents)
        expect(at('task.assigned', child)).toBeGreaterThan(at('task.succeeded', parent));
    }
    for (const [id, heldMs] of [
      ['split:201', 400],
      ['left', 800],
      ['right', 200],
    ] as const) {
      const task = await system.json<Task>('task', 'get', stepOf(workflow, id).taskId);
      const [attempt] = task.attempts;
      expect((attempt?.endedAt ?? 0) - (attempt?.startedAt ?? 0)).toBeGreaterThanOrEqual(heldMs - 5);
    }
  });
});

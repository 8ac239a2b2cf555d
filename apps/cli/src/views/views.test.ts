import pico from 'picocolors';
import type { Event, SystemStatus, Task, Workflow } from '@multiswarm/contracts';
import { eventLine } from './event';
import { statusView } from './status';
import { ranFor } from './task';
import { receiptLines, taskDetail } from './task-detail';
import { afterEvent, progressLines, progressOf } from './workflow-progress';

const color = pico.createColors(false);
const T0 = Date.parse('2024-06-01T12:00:00.000Z');
const at = (ms: number): string => new Date(T0 + ms).toISOString();

function workflow(count: number): Workflow {
  const steps = Array.from({ length: count }, (_step, index) => ({
    id: `step-${index}`,
    taskId: `t0-0000000${index}`,
    type: 'work',
    dependsOn: index === 0 ? [] : [`step-${index - 1}`],
    state: 'blocked' as const,
    attempt: 0,
    cost: 0,
  }));
  return {
    id: 'w0-00000001',
    name: 'plan',
    namespace: 'default',
    state: 'running',
    createdAt: at(0),
    steps,
    counts: {},
    cost: 0,
    metadata: {},
    traceId: 'f',
  };
}

function event(type: Event['type'], step: string, ms: number, more: Partial<Event> = {}): Event {
  return { v: 1, type, seq: 1, at: T0 + ms, namespace: 'default', root: 'w0-00000001', step, ...more };
}

describe('progress of a workflow', () => {
  test('follows the events of its steps: state, place, attempt and time', () => {
    const where = { swarmId: 'eu-1', region: 'eu', attempt: 1 };
    const progress = [
      event('task.queued', 'step-0', 1),
      event('task.assigned', 'step-0', 2, where),
      event('task.running', 'step-0', 10, where),
      event('task.succeeded', 'step-0', 1_510, where),
      event('task.running', 'step-1', 1_600, { ...where, swarmId: 'eu-2' }),
    ].reduce(afterEvent, progressOf(workflow(3)));
    const lines = progressLines(progress, color, T0 + 2_000, 20);
    expect(lines[0]).toMatch(/^plan {2}running {2}2\.0 s {2}1 succeeded, 1 running, 1 blocked$/);
    expect(lines[1]).toMatch(/✓ step-0 +succeeded +eu-1 \(eu\) +1\.5 s$/);
    expect(lines[2]).toMatch(/> step-1 +running +eu-2 \(eu\) +400 ms$/);
    expect(lines[3]).toMatch(/· step-2 +blocked$/);
  });

  test('a lost attempt says so, and the next one says its number', () => {
    const lost = [
      event('task.running', 'step-0', 1, { swarmId: 'eu-1', region: 'eu', attempt: 1 }),
      event('task.lost', 'step-0', 900, { attempt: 1 }),
    ];
    const waiting = lost.reduce(afterEvent, progressOf(workflow(1)));
    expect(progressLines(waiting, color, T0 + 1_000, 9)[1]).toContain('runs again elsewhere');
    const again = afterEvent(
      waiting,
      event('task.running', 'step-0', 1_000, { swarmId: 'us-1', region: 'us', attempt: 2 }),
    );
    expect(progressLines(again, color, T0 + 1_500, 9)[1]).toMatch(/running +us-1 \(us\) +500 ms +attempt 2$/);
  });

  test('a step that backs off after it ran is not counted on, and a fresh snapshot keeps the start of its next attempt', () => {
    const again = [
      event('task.running', 'step-0', 1, { attempt: 1 }),
      event('task.backoff', 'step-0', 900, { attempt: 1 }),
    ].reduce(afterEvent, progressOf(workflow(1)));
    expect(progressLines(again, color, T0 + 5_000, 9)[1]).toMatch(/step-0 +backoff$/);
    const running = afterEvent(again, event('task.running', 'step-0', 6_000, { attempt: 2 }));
    const snapshot = workflow(1);
    const steps = snapshot.steps.map((step) => ({
      ...step,
      state: 'running' as const,
      attempt: 2,
      startedAt: at(1),
    }));
    const fresh = progressOf({ ...snapshot, steps }, running);
    expect(progressLines(fresh, color, T0 + 6_500, 9)[1]).toMatch(/running +500 ms +attempt 2$/);
  });

  test('a step that expires has ended', () => {
    const expired = afterEvent(progressOf(workflow(1)), event('task.expired', 'step-0', 5));
    expect(progressLines(expired, color, T0 + 10, 9)[1]).toMatch(/✗ step-0 +expired/);
    expect(afterEvent(expired, event('task.running', 'step-0', 6))).toBe(expired);
  });

  test('what comes after the end of a step, or belongs to no step, changes nothing', () => {
    const ended = afterEvent(progressOf(workflow(1)), event('task.failed', 'step-0', 5));
    expect(afterEvent(ended, event('task.running', 'step-0', 6))).toBe(ended);
    expect(afterEvent(ended, event('task.running', 'stranger', 6))).toBe(ended);
    expect(afterEvent(ended, event('workflow.failed', '', 6))).toBe(ended);
  });

  test('with more steps than lines, failures and running steps come first', () => {
    const events = [event('task.running', 'step-7', 1), event('task.failed', 'step-9', 2)];
    const progress = events.reduce(afterEvent, progressOf(workflow(50)));
    const lines = progressLines(progress, color, T0 + 10, 3);
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain('step-9');
    expect(lines[2]).toContain('step-7');
    expect(lines[0]).toContain('48 blocked');
  });
});

const task: Task = {
  id: 't0-00000001',
  type: 'summarize',
  namespace: 'default',
  state: 'running',
  stateSince: at(0),
  createdAt: at(0),
  priority: 'high',
  input: { text: 'x' },
  requirements: {
    capabilities: ['llm'],
    region: ['eu-*'],
    resources: { gpu: 1 },
    attributes: { memory: 40, language: 'ts' },
  },
  retry: { maxAttempts: 3, initialMs: 1, factor: 2, maxMs: 1, jitter: 0, nonRetryableCodes: [] },
  timeouts: {},
  metadata: {},
  workflowId: 'w0-00000001',
  step: 'write',
  attempt: 2,
  attempts: [
    {
      attempt: 1,
      swarmId: 'eu-1',
      region: 'eu-west',
      assignedAt: T0,
      startedAt: T0 + 5,
      endedAt: T0 + 1_005,
      outcome: 'failed',
      error: { code: 'attempt-failed', message: 'line one\nline two', retryable: true },
      costPerSlotHour: 1,
      cost: 0.0005,
      receipt: {
        policy: 'least-loaded',
        decidedAt: at(0),
        candidates: 4,
        feasible: 2,
        withFreeSlot: 2,
        rejected: [{ rule: 'capability', count: 7, detail: 'capability "llm"', examples: ['us-1', 'us-2'] }],
        ranked: [
          { swarmId: 'eu-1', region: 'eu-west', freeSlots: 1, load: 0.25, costPerSlotHour: 1 },
          { swarmId: 'eu-2', region: 'eu-west', freeSlots: 1, load: 0.5, costPerSlotHour: 1 },
        ],
        chosen: 'eu-1',
        because: 'least loaded of two',
      },
    },
    {
      attempt: 2,
      swarmId: 'eu-2',
      region: 'eu-west',
      assignedAt: T0 + 1_100,
      endedAt: T0 + 1_105,
      outcome: 'refused',
      costPerSlotHour: 1,
      refusedBy: ['eu-2', 'eu-3'],
    },
    {
      ...{ attempt: 3, swarmId: 'eu-1', region: 'eu-west', assignedAt: T0 + 1_200, endedAt: T0 + 2_000 },
      ...{ outcome: 'lost', costPerSlotHour: 1 },
      late: {
        ...{ at: T0 + 3_500, swarmId: 'eu-1', outcome: 'succeeded' },
        ...{ startedAt: T0 + 1_300, finishedAt: T0 + 3_000, outputBytes: 2_048 },
      },
    },
  ],
  cost: 0.0005,
  usage: { inputTokens: 12, outputTokens: 3 },
  waiting: {
    reason: 'no-swarm',
    since: at(0),
    detail: 'nobody has a GPU',
    unmet: [{ rule: 'resources', count: 1, detail: 'gpu 1', examples: ['eu-1'] }],
  },
  traceId: 'abc',
};

describe('a task in detail', () => {
  const text = taskDetail(
    task,
    [
      event('task.submitted', 'write', 0),
      event('task.running', 'write', 1_500, { swarmId: 'eu-1', region: 'eu-west', attempt: 1 }),
    ],
    { color, now: T0 + 5_000 },
  );

  test.each([
    ['what it needs', /needs +capability llm, region eu-\*, memory ≥ 40, language = ts, gpu ≥ 1/],
    ['its workflow and step', /workflow +w0-00000001, step write/],
    ['what it cost, with tokens', /cost +\$0\.0005, 12 tokens in, 3 out/],
    [
      'why it waits',
      /why it waits\n {2}nobody has a GPU \(no-swarm, since .*\)\n {2}- gpu 1 \[resources\] ruled out 1 swarm: eu-1/,
    ],
    [
      'its timeline, from its start',
      /\+1\.5 s {2}task\.running {4}step write, attempt 1, on eu-1 \(eu-west\)/,
    ],
    [
      'how an attempt ended',
      /#1 failed on eu-1 \(eu-west\): started after 5 ms, ran 1\.0 s, \$0\.0005\n {5}error: line one\n {12}line two \(attempt-failed\)/,
    ],
    [
      'why it ran there',
      /why here: least loaded of two\n {7}policy least-loaded: 4 swarms known, 2 could run it, 2 had a free slot/,
    ],
    ['who has refused it', /#2 refused on eu-2 \(eu-west\)\n {5}refused by eu-2, then eu-3\n/],
    [
      'what came of an attempt after it was given up',
      /#3 lost on eu-1 .*\n {5}came back 1\.5 s after it was given up, which changed nothing: succeeded, 2\.0 KiB of output\n/,
    ],
    ['who else came into question', /order: eu-1 \(load 25%, \$1\.00\/slot\/h\), eu-2 \(load 50%/],
    ['who was ruled out', /capability "llm" \[capability\] ruled out 7 swarms: us-1, us-2, …/],
  ])('says %s', (_what, expected) => expect(text).toMatch(expected));
});

describe('a task that is held back, watched and told things', () => {
  const held: Task = {
    ...task,
    state: 'queued',
    fairnessKey: 'customer:acme',
    limitKeys: ['customer:acme', 'model:gpt'],
    notBefore: at(0),
    waitFor: { signal: 'approved', timeoutMs: 86_400_000 },
    retry: { ...task.retry, totalMs: 3_600_000 },
    timeouts: {
      scheduleToStartMs: 600_000,
      startToCloseMs: 120_000,
      heartbeatMs: 15_000,
      deadline: at(60_000),
    },
    paused: { at: at(0), reason: 'the budget is being looked at' },
    progress: { fraction: 0.404, message: '2 of 5 files read', at: T0 },
    signals: [{ name: 'approved', payload: { by: 'ann' }, at: T0 }],
    rerunOf: 't0-00000009',
  };
  const text = taskDetail(held, [], { color, now: T0 + 5_000 });

  test.each([
    ['that it is paused, beside its state', /^t0-00000001 {2}queued \(paused\)\n/],
    ['since when and why', /paused +2024-06-01T12:00:00\.000Z: the budget is being looked at/],
    ['how far it is', /progress +40%, 2 of 5 files read/],
    ['when it may start', /not before +2024-06-01T12:00:00\.000Z/],
    [
      'what it waits for, and how long',
      /waits for +signal approved within 24h 0m|waits for +signal approved within 1d 0h/,
    ],
    ['by what it takes turns', /turns by +customer:acme/],
    ['whose limits count', /limit keys +customer:acme, model:gpt/],
    [
      'every limit of its time',
      /time limits +start within 10m 00s, an attempt within 2m 00s, a sign of life within 15\.0 s, retries within 1h 00m, ended by 2024-06-01T12:01:00\.000Z/,
    ],
    ['of which it is a copy', /again after +t0-00000009/],
    ['what it was told', /signals\n {2}2024-06-01T12:00:00\.000Z {2}approved {2}\{"by":"ann"\}/],
  ])('says %s', (_what, expected) => expect(text).toMatch(expected));

  test('a value that goes by reference is told with its size, and how to have it', () => {
    const ref = (digit: string, bytes: number) => ({ id: `default.${digit.repeat(64)}`, bytes });
    const large = {
      ...task,
      input: null,
      inputRef: ref('1', 300_000),
      output: null,
      outputRef: ref('2', 2 ** 21),
    };
    const shown = taskDetail(large, [], { color, now: T0 });
    expect(shown).toMatch(
      /input\n {2}293\.0 KiB, as payload default\.1+: "swarmctl task output \S+ --input"/,
    );
    expect(shown).toMatch(/output\n {2}2\.0 MiB, as payload default\.2+: "swarmctl task output \S+"/);
  });

  test('a task without any of it says none of it', () => {
    const plain = taskDetail(task, [], { color, now: T0 });
    for (const word of [
      'paused',
      'progress',
      'not before',
      'turns by',
      'limit keys',
      'time limits',
      'signals',
    ])
      expect(plain).not.toContain(word);
  });
});

test('each reason for the health of the system is a line of its own', () => {
  const status: SystemStatus = {
    health: 'degraded',
    at: at(0),
    reasons: ['no swarm in eu', 'Redis is slow'],
    services: [],
    system_metrics: {
      active_swarms: 0,
      active_regions: 0,
      success_rate: null,
      resource_utilization: null,
      cost_per_hour: 0,
    },
    tasks: {},
    regions: [],
  };
  expect(statusView.detail?.(status, { color, now: T0 })).toMatch(
    /^health +degraded\n +no swarm in eu\n +Redis is slow\nswarms /,
  );
});

describe('the run time of a task', () => {
  const started = { startedAt: at(0), attempt: 1, state: 'running' as const };
  const cases: [string, Partial<Task>, string][] = [
    ['of the current attempt, when it runs again', { stateSince: at(50_000), attempt: 2 }, '10.0 s'],
    ['of its only attempt, once it has ended', { state: 'succeeded', endedAt: at(3_000) }, '3.0 s'],
    [
      'of the last attempt, where the attempts are known',
      { state: 'failed', endedAt: at(90_000), attempt: 2, attempts: task.attempts },
      '1.0 s',
    ],
    ['nothing while it is queued after a lost attempt', { state: 'queued', stateSince: at(5_000) }, '-'],
    ['nothing while it backs off', { state: 'backoff', stateSince: at(5_000) }, '-'],
    ['nothing where attempts are not told apart', { state: 'failed', endedAt: at(9_000), attempt: 3 }, '-'],
  ];
  test.each(cases)('is %s', (_what, run, shown) =>
    expect(ranFor({ ...started, ...run }, T0 + 60_000)).toBe(shown),
  );
});

test('an event is one line with its place', () => {
  const line = eventLine(
    event('task.lost', 'a', 0, {
      taskId: 't0-1',
      attempt: 2,
      swarmId: 'eu-1',
      region: 'eu',
      data: { reason: 'silent' },
    }),
    color,
  );
  expect(line).toMatch(
    /^2024-06-01T12:00:00\.000Z {2}task\.lost +t0-1 {2}step a, attempt 2, on eu-1 \(eu\), reason=silent$/,
  );
});

test('a receipt says what the policy went by, the price, how old the view was, and what else there is to know', () => {
  const ranked = ['eu-1', 'eu-2'].map((swarmId) => {
    return { swarmId, region: 'eu-west', freeSlots: 1, load: 0.5, costPerSlotHour: 0.25 };
  });
  const lines = receiptLines({
    ...{ policy: 'hybrid', decidedAt: '2026-03-14T09:26:53.589Z', chosen: 'eu-1' },
    ...{ candidates: 1, feasible: 2, withFreeSlot: 2, rejected: [], ranked, because: 'the fastest' },
    ...{ scores: [1 / 3, 2], price: 0.25, stalenessMs: 412, viewAgeMs: 3 },
    reasons: ['custom:carbon is off'],
  });
  expect(lines).toEqual([
    '     why here: the fastest',
    '       custom:carbon is off',
    '       policy hybrid: 1 swarm known, 2 could run it, 2 had a free slot',
    '       order: eu-1 (score 0.3333, load 50%, $0.25/slot/h), eu-2 (score 2, load 50%, $0.25/slot/h)',
    '       price $0.25/slot/h; last heard of 412 ms before, of any swarm 3 ms before',
  ]);
});

import { stripVTControlCharacters } from 'node:util';
import type { Task, Workflow, WorkflowStep } from '@multiswarm/contracts';
import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { hurried, memoryIo } from './support/memory-io';

const ID = 'w0-00000001';
let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

/** Time stands still for whoever asks for the date: what is shown depends on nothing else. */
const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const ago = (ms: number): string => new Date(NOW - ms).toISOString();

function step(id: string, more: Partial<WorkflowStep> = {}): WorkflowStep {
  return {
    id,
    taskId: `t0-${id}`,
    type: 'work',
    dependsOn: [],
    state: 'blocked',
    attempt: 0,
    cost: 0,
    ...more,
  };
}

const swarm = { swarmId: 'eu-west-coders', region: 'eu-west', attempt: 1 };

/** A run with all that a run may have: a map with failures, an approval, a workflow inside, a compensation. */
function running(more: Partial<Workflow> = {}): Workflow {
  const item = (index: number, extra: Partial<WorkflowStep>): WorkflowStep =>
    step(`crawl[${index}]`, { role: 'item', of: 'crawl', index, ...swarm, ...extra });
  return {
    id: ID,
    name: 'site-report',
    namespace: 'default',
    state: 'running',
    createdAt: ago(60_000),
    steps: [
      step('list', {
        state: 'succeeded',
        startedAt: ago(60_000),
        endedAt: ago(50_000),
        cost: 0.01,
        slackMs: 0,
        ...swarm,
      }),
      step('crawl', {
        state: 'waiting',
        control: 'map',
        dependsOn: ['list'],
        items: { total: 40, started: 31, succeeded: 28, failed: 1 },
        waiting: { reason: 'items', since: ago(50_000), detail: '12 items have not ended', unmet: [] },
        expectedEndAt: ago(-30_000),
        slackMs: 0,
      }),
      ...Array.from({ length: 28 }, (_, index) => item(index, { state: 'succeeded' })),
      item(28, {
        state: 'failed',
        startedAt: ago(9_000),
        endedAt: ago(8_000),
        error: {
          code: 'attempt-failed',
          message:
            'no such page:\nhttps://example.org/a/rather/long/path/to/a/page/that/is/gone and gone for good',
          retryable: true,
        },
      }),
      item(29, { state: 'running', startedAt: ago(4_000) }),
      item(30, { state: 'running', startedAt: ago(4_000) }),
      step('check', {
        state: 'waiting',
        control: 'approval',
        dependsOn: ['list'],
        waiting: { reason: 'approval', since: ago(20_000), detail: 'nobody has approved it yet', unmet: [] },
        slackMs: 25_000,
      }),
      step('legal', { state: 'waiting', control: 'workflow', childId: 'w0-00000002', dependsOn: ['list'] }),
      step('cook', { state: 'queued', dependsOn: ['list'], estimateMs: 4_000 }),
      step('publish', { dependsOn: ['crawl', 'check', 'legal'], estimateMs: 4_000, slackMs: 0 }),
    ],
    counts: { succeeded: 29, failed: 1, running: 2, waiting: 3, queued: 1, blocked: 1 },
    cost: 0.12,
    costProjected: 0.4,
    metadata: {},
    traceId: 'f'.repeat(32),
    criticalPath: ['list', 'crawl', 'publish'],
    etaAt: ago(-34_000),
    ...more,
  };
}

async function run(
  argv: readonly string[],
  { columns, terminal = columns !== undefined }: { columns?: number; terminal?: boolean } = {},
): Promise<{ code: number; out: string; lines: string[] }> {
  const io = memoryIo({
    env: { MULTISWARM_URL: peer.url, NO_COLOR: '1' },
    terminal,
    ...(columns === undefined ? {} : { columns }),
  });
  const hurry = hurried(io);
  const still = { ...hurry, clock: { ...hurry.clock, now: () => NOW } };
  const code = await runCli(['workflow', ...argv], still, '0');
  return { code, out: io.out(), lines: stripVTControlCharacters(io.out()).split('\n') };
}

/** Answers with the run, and for its queued tasks with why they wait. */
function answer(...runs: Workflow[]): void {
  const cook: Partial<Task> = {
    id: 't0-cook',
    waiting: { reason: 'no-swarm', since: ago(1_000), detail: 'no swarm has an oven', unmet: [] },
  };
  let next = 0;
  peer.answerWith((request, response) => {
    if (request.path === '/v1/tasks') return sendJson(response, 200, { items: [cook], next: null });
    sendJson(response, 200, runs[Math.min(next++, runs.length - 1)]);
  });
}

const lineOf = (lines: readonly string[], id: string): string =>
  lines.find((line) => line.replace(/^[◆ ]+/, '').startsWith(`${id} `)) ?? '';

describe('workflow get', () => {
  test('tells of each step its state, how long, until when, the slack, the cost, and why it waits', async () => {
    answer(running());
    const { code, lines } = await run(['get', ID], { columns: 130 });
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^site-report {2}w0-00000001 {2}running {2}1m 00s$/);
    expect(lines[1]).toMatch(/81% 30\/37 .*ETA 34\.0 s at the earliest$/);
    expect(lines[2]).toBe('$0.12 of ~$0.40');
    expect(lineOf(lines, 'list')).toMatch(
      /^◆ list +✓ succeeded +10\.0 s +- +0 +\$0\.01 +eu-west-coders \(eu-west\)$/,
    );
    expect(lineOf(lines, 'crawl')).toMatch(
      /^◆ crawl +~ waiting +50\.0 s +30\.0 s +0 +\$0 +28 of 40 items done, 1 failed, 2 under way$/,
    );
    expect(lineOf(lines, 'check')).toMatch(
      /^ {2}check +~ waiting +20\.0 s +- +25\.0 s +\$0 +nobody has approved it yet$/,
    );
    expect(lineOf(lines, 'legal')).toMatch(/runs as w0-00000002$/);
    expect(lineOf(lines, 'cook')).toMatch(/○ queued +~4\.0 s .*no swarm has an oven$/);
    expect(lineOf(lines, 'publish')).toMatch(
      /^◆ publish +· blocked +~4\.0 s .*waits for crawl, check, legal$/,
    );
  });

  test('of the items of a map it shows those that failed or are under way; -o wide shows all, and the tasks', async () => {
    answer(running());
    const { out } = await run(['get', ID], { columns: 130 });
    expect(out.match(/crawl\[\d+\]/g)).toEqual(['crawl[28]', 'crawl[29]', 'crawl[30]']);
    expect(out).toContain('… and 28 more items of maps (-o wide has all)');
    expect(out).not.toContain('t0-list');
    const wide = await run(['get', ID, '-o', 'wide'], { columns: 200 });
    expect(wide.out.match(/ crawl\[\d+\]/g)).toHaveLength(31);
    expect(wide.out).toContain('t0-list');
  });

  test.each([80, 120])(
    'no line is wider than a window of %i columns, and nothing is lost in it',
    async (columns) => {
      answer(running());
      const { lines } = await run(['get', ID], { columns });
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      const text = lines.join('').replaceAll(/\s+/g, '');
      expect(text).toContain('nosuchpage:https://example.org/a/rather/long/path/to/a/page/that/is/gone');
      expect(text).toContain('waitsforcrawl,check,legal');
    },
  );

  test('of a run that has ended no column speaks of what is expected', async () => {
    const ended = running({
      state: 'succeeded',
      endedAt: ago(1_000),
      steps: [step('a', { state: 'succeeded', ...swarm })],
    });
    const { etaAt: _eta, costProjected: _cost, criticalPath: _path, ...rest } = ended;
    answer(rest);
    const { out } = await run(['get', ID], { columns: 100 });
    expect(out).toMatch(/^STEP +STATE +TOOK +WHERE, WHY$/m);
  });

  test('says what holds the run, and what it is undoing', async () => {
    answer(
      running({
        paused: { at: ago(5_000), reason: 'lunch' },
        phase: 'compensating',
        error: { code: 'step-failed', message: 'publish failed', retryable: false },
        steps: [
          step('undo:list', {
            role: 'compensation',
            of: 'list',
            state: 'running',
            startedAt: ago(100),
            ...swarm,
          }),
        ],
      }),
    );
    const { out } = await run(['get', ID]);
    expect(out).toContain('running (compensating)');
    expect(out).toContain('paused: lunch');
    expect(out).toContain('publish failed (step-failed)');
    expect(out).toMatch(/undo:list +▶ running/);
  });
});

describe('--watch', () => {
  const later = (): Workflow => {
    const run = running({ state: 'succeeded', endedAt: ago(0) });
    return { ...run, steps: run.steps.map((one) => ({ ...one, state: 'succeeded' as const })) };
  };

  test.each(['get', 'graph', 'gantt'])(
    '%s redraws in place on a terminal until the run has ended',
    async (verb) => {
      answer(running(), running(), later());
      const { code, out } = await run([verb, ID, '--watch'], { columns: 100 });
      expect(code).toBe(0);
      expect(out.split('\u001b[').filter((part) => /^\d+A/.test(part))).toHaveLength(2);
      const last = stripVTControlCharacters(out.slice(out.lastIndexOf('site-report')));
      expect(last).toMatch(/^site-report {2}w0-00000001 {2}succeeded/);
    },
  );

  test.each(['get', 'graph', 'gantt'])(
    '%s writes a line for each change elsewhere, and all of it at the end',
    async (verb) => {
      answer(running(), running(), later());
      const { out } = await run([verb, ID, '--watch']);
      expect(out).not.toContain('\u001b');
      expect(out.match(/^~ check/gm)).toHaveLength(1);
      expect(out.match(/^✓ check/gm)).toHaveLength(1);
      expect(out.match(/^site-report/gm)).toHaveLength(1);
    },
  );

  test('with more steps than lines it shows those around what is under way', async () => {
    const many = Array.from({ length: 100 }, (_, index) =>
      step(`s${index}`, index < 50 ? { state: 'succeeded' } : {}),
    );
    const ended = running({ state: 'failed', steps: many });
    answer(ended);
    const { lines } = await run(['get', ID, '--watch'], { columns: 100 });
    expect(lines.length).toBeLessThanOrEqual(30);
    expect(lineOf(lines, 's50')).toContain('blocked');
    expect(lines.join('\n')).toMatch(/… 47 above[^]*… \d+ below/);
  });
});

describe('graph and gantt', () => {
  test('graph draws the steps with their states, items as one', async () => {
    answer(running());
    const { out } = await run(['graph', ID], { columns: 120 });
    expect(out).toContain('crawl[0..30] ×31');
    expect(out).toContain('publish');
    expect(out).toContain('critical path');
  });

  test('graph -o dot and -o mermaid have every edge', async () => {
    answer(running());
    expect((await run(['graph', ID, '-o', 'dot'])).out).toMatch(/"crawl" -> "publish"/);
    expect((await run(['graph', ID, '-o', 'mermaid'])).out).toMatch(/^(flowchart|graph) /m);
  });

  test('gantt draws a bar for each step, no wider than the window', async () => {
    answer(running());
    const { lines } = await run(['gantt', ID], { columns: 80 });
    expect(lineOf(lines, '✓ list')).toContain('█');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect, type Client } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { ROOT, startProgram, startStack, type Program, type Stack } from './stack';

let stack: Stack;
let client: Client;
let directory: string;

beforeAll(async () => {
  // The one policy without chance in it: where each step runs, and why, is known.
  stack = await startStack({ LOAD_BALANCING_ALGORITHM: 'least-loaded' });
  client = await connect({ url: stack.url('orchestrator') });
  directory = await mkdtemp(join(tmpdir(), 'examples-e2e-'));
});
afterAll(async () => {
  await client.close();
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
});

function example(file: string, ...args: string[]): Program {
  const typescript = ['-C', 'multiswarm-source', '-r', 'ts-node/register'];
  return startProgram([...typescript, join('examples', file), ...args], stack.env);
}

/** What the first group of the pattern found in what the program printed. */
function printed(program: Program, pattern: RegExp): string {
  const found = pattern.exec(program.stdout())?.[1];
  if (found === undefined) throw new Error(`${String(pattern)} is not in:\n${program.stdout()}`);
  return found;
}

async function expectNobodyLeft(): Promise<void> {
  await eventually(async () => (await client.swarms()).items.every(({ state }) => state !== 'ready'), {
    describe: 'swarms that have left',
  });
}

test('basic: a task of high priority runs in the swarm of the program, which then shows the system and leaves', async () => {
  const program = example('basic.ts');
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  const task = await client.getTask(printed(program, /^Task submitted: (\S+)$/m));
  expect(task).toMatchObject({
    type: 'development',
    state: 'succeeded',
    priority: 'high',
    requirements: { attributes: { language: 'javascript', complexity: 'medium' } },
    output: { file: 'examples/delivery/project/src/urls.js' },
  });
  expect(printed(program, /has (\d+) functions/)).toBe(
    String((task.output as { functions: number }).functions),
  );
  expect(printed(program, /^System Health: (.+)$/m)).toBe('healthy');
  expect(printed(program, /^Active Swarms: (.+)$/m)).toBe('1');
  expect(printed(program, /^Success Rate: (.+)$/m)).toBe('100.00%');
  expect(printed(program, /^Resource Utilization: (.+)$/m)).toMatch(/^\d+\.\d\d%$/);
  expect(printed(program, /^Cost per Hour: (.+)$/m)).toBe('$1.20');
  await expectNobodyLeft();
});

test('basic: a file that is no JavaScript fails the task at once, and the program says why', async () => {
  const file = join(directory, 'prose.js');
  await writeFile(file, 'this is not a program');
  const program = example('basic.ts', file);
  expect(await program.ended).toBe(1);
  expect(program.stderr()).toMatch(/^error: .*prose\.js: Unexpected token.*\(not-javascript\)$/m);
  const task = await client.getTask(printed(program, /^Task submitted: (\S+)$/m));
  expect(task).toMatchObject({ state: 'failed', attempt: 1, error: { code: 'not-javascript' } });
});

test('basic: without a NATS server it ends with one line and a hint', async () => {
  const program = startProgram(['-C', 'multiswarm-source', '-r', 'ts-node/register', 'examples/basic.ts'], {
    ...stack.env,
    NATS_URL: 'nats://127.0.0.1:1',
  });
  expect(await program.ended).toBe(7);
  expect(program.stderr()).toMatch(
    /^error: no NATS server answers at nats:\/\/127\.0\.0\.1:1.*\nhint: .*npm start/,
  );
});

test('complex workflow: five steps in order, in three regions, from a document to a release', async () => {
  const program = example('complex-workflow.ts');
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  const workflow = await client.getWorkflow(printed(program, /^Workflow submitted: (\S+)$/m));
  expect(workflow.state).toBe('succeeded');
  expect(workflow.steps.map(({ id, type, dependsOn }) => ({ id, type, dependsOn }))).toEqual([
    { id: 'analyze_requirements', type: 'research', dependsOn: [] },
    { id: 'design_architecture', type: 'development', dependsOn: ['analyze_requirements'] },
    { id: 'implement_solution', type: 'development', dependsOn: ['design_architecture'] },
    { id: 'test_solution', type: 'testing', dependsOn: ['implement_solution'] },
    { id: 'deploy_solution', type: 'deployment', dependsOn: ['test_solution'] },
  ]);
  expect(new Set(workflow.steps.map(({ region }) => region))).toEqual(
    new Set(['us-east', 'eu-west', 'ap-south']),
  );
  workflow.steps.slice(1).forEach((step, index) => {
    const before = workflow.steps[index]!;
    expect(Date.parse(step.startedAt!)).toBeGreaterThanOrEqual(Date.parse(before.endedAt!));
  });
  expect(printed(program, /implement_solution: succeeded on .*\((.*)\)$/m)).toMatch(
    /^cheapest of the least loaded/,
  );
  expect(printed(program, /^Workflow succeeded, cost \$(.+)$/m)).toBe(workflow.cost.toPrecision(3));
  const archive = join(ROOT, printed(program, /^Release: (\S+),/m));
  expect(existsSync(archive)).toBe(true);
  await rm(dirname(archive), { recursive: true });
  await expectNobodyLeft();
});

test('complex workflow: a document with gaps fails the first step, names all gaps, and skips the rest', async () => {
  const file = join(directory, 'gaps.md');
  await writeFile(
    file,
    '- A book has a title (text).\n- N1: Staff can list boats.\n- N2: Staff can sing books.\n',
  );
  const program = example('complex-workflow.ts', file);
  expect(await program.ended).toBe(1);
  expect(program.stderr()).toMatch(
    /^ {2}analyze_requirements: N1 is about a boat.*; N2 asks for no known operation \(/m,
  );
  const workflow = await client.getWorkflow(printed(program, /^Workflow submitted: (\S+)$/m));
  expect(workflow.counts).toEqual({ failed: 1, skipped: 4 });
});

test('approval: notes are published when somebody has read and approved them, with what that one says', async () => {
  const changelog = join(directory, 'CHANGELOG.md');
  await writeFile(changelog, '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Pause. And more.\n- Resume\n');
  const program = example('approval.ts', changelog);
  const id = await eventually(() => /workflow approve (\S+) review/.exec(program.stdout())?.[1], {
    timeoutMs: 20_000,
    describe: () => `a draft in ${program.stdout()}${program.stderr()}`,
  });
  await client.workflow(id).approve('review', { note: 'well done', requestedBy: 'dana' });
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  const file = join(ROOT, printed(program, /^Published: (.+)$/m));
  expect(await readFile(file, 'utf8')).toBe(
    '# What is new\n\n## Added\n\n- Pause.\n- Resume.\n\nApproved by dana: well done\n',
  );
  await rm(dirname(file), { recursive: true });
});

test('map-reduce: every file is read by an item of the map, and a dead link is found', async () => {
  const pages = join(directory, 'pages');
  await mkdir(pages);
  const files = Array.from({ length: 20 }, (_, index) => `page-${index}.md`);
  for (const file of files)
    await writeFile(join(pages, file), `# Page\n[first](page-0.md#page) [web](https://a.b)\n`);
  await writeFile(join(pages, 'page-7.md'), '# Page\n\n[gone](page-20.md)\n');
  const program = example('map-reduce.ts', pages);
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 1 });
  expect(program.stdout()).toContain('  page-7.md:3: page-20.md: there is no such file\n');
  expect(program.stdout()).toMatch(/^20 pages, 39 links, 1 of them dead$/m);
  const workflow = await client.getWorkflow(printed(program, /^Workflow submitted: (\S+)$/m));
  expect(workflow.steps.find(({ id }) => id === 'read')?.items).toMatchObject({ total: 20, succeeded: 20 });
});

test('compensation: the second release of a version fails, and leaves its copy as it was, step by step backwards', async () => {
  const program = example('compensation.ts');
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  expect(program.stdout()).toMatch(/^Workflow succeeded; the copy of ann is changed$/m);
  const bob = program.stdout().slice(program.stdout().indexOf('Workflow of bob'));
  expect(bob.match(/^ {2}[a-z:]+/gm)?.map((step) => step.trim())).toEqual([
    ...['bump:', 'note:', 'seal:', 'publish:', 'undo:seal:', 'undo:note:', 'undo:bump:'],
  ]);
  expect(bob).toContain('  publish: failed, 1.5.0 is in the registry already\n');
  expect(bob).toMatch(/^Workflow failed; the copy of bob is as it was$/m);
});

test('planner: the first step adds a closer look at what it has found to be hard, and a report behind all', async () => {
  const program = example('planner.ts');
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  const { steps } = await client.getWorkflow(printed(program, /^Workflow submitted: (\S+)$/m));
  const looks = steps.filter(({ type }) => type === 'code-review.inspect');
  expect(looks.length).toBeGreaterThan(1);
  expect(looks.every(({ role, of }) => role === 'added' && of === 'plan')).toBe(true);
  expect(steps.at(-1)).toMatchObject({ id: 'report', dependsOn: looks.map(({ id }) => id) });
  expect(printed(program, /^\d+ functions, (\d+) of them worth a closer look$/m)).toBe(String(looks.length));
  await expectNobodyLeft();
});

test('cross-swarm: what is broadcast is done in parts by two workers, and one of them lends what it can spare', async () => {
  const program = example('cross-swarm-communication.ts');
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  expect(printed(program, /^ {2}us-east: (\d+)$/m)).toBe('395');
  expect(printed(program, /^(\d+ rows of \d+) workers$/m)).toBe('8 rows of 2');
  expect(program.stdout()).toMatch(/^worker-1-\d+ lends 8 cores and 32 GiB; coordinator-\d+ has them/m);
});

test('negotiation: each lot goes to one claimant, and the others go on', async () => {
  const program = example('negotiation.ts', '2', '4');
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  const lots = program.stdout().match(/^ {2}claimant-\d-\d+: o-\w+/gm) ?? [];
  expect(new Set(lots.map((line) => line.split(': ')[1])).size).toBe(2);
  expect(printed(program, /^(Each of 2 lots has one claimant; 2 go on) without$/m)).toBeDefined();
});

test('debate: members hear each other, votes count in their order, and the proposal closes once', async () => {
  const program = example('debate.ts');
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  const votes = [...program.stdout().matchAll(/^ {2}vote (\d): \S+ for (\S+)$/gm)];
  const [, outcome, count] = /^Outcome: (\S+) \(closed, (\d) votes\)$/m.exec(program.stdout()) ?? [];
  expect(votes.map(([, number]) => Number(number))).toEqual(votes.map((_, index) => index + 1));
  expect(votes.length).toBe(Number(count));
  expect(votes.filter(([, , choice]) => choice === outcome).length).toBeGreaterThanOrEqual(2);
});

test('conversation: a recorded flow is replayed from mailbox to mailbox, each turn once and in order', async () => {
  const program = example('conversation.ts');
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  expect(printed(program, /^(\d+ conversations, \d+ turns, \d+ bytes)/m)).toBe(
    '3 conversations, 15 turns, 42815 bytes',
  );
  expect(program.stdout()).toContain('Each turn was heard once, in order\n');
});

test('custom load balancing: a GPU, a CPU and an edge endpoint are registered, and each request goes where it can and should', async () => {
  const program = startProgram(
    ['-C', 'multiswarm-source', '-r', 'ts-node/register', 'examples/custom-load-balancing.ts'],
    { ...stack.env, MULTISWARM_LOAD_BALANCER_URL: stack.url('load-balancer') },
  );
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  expect(printed(program, /^GPU task routed to: (.*)$/m)).toBe('gpu (gpu.endpoint, us-east)');
  expect(printed(program, /^CPU task routed to: (.*)$/m)).toBe('cpu (cpu.endpoint, us-east)');
  expect(printed(program, /(2 without gpu 1 \(resources\)|2 without .*)$/m)).toMatch(/^2 without /);
  expect(program.stdout()).toMatch(/by policy: .*least-loaded gpu/);
});

test('multi-region: a region that is cut off goes on, and what waits for it arrives once and in order', async () => {
  const program = example('multi-region.ts', 'examples');
  expect({ code: await program.ended, said: program.stderr() }).toMatchObject({ code: 0 });
  expect(printed(program, /^Task \S+ ran in (.*)$/m)).toBe('eu-west');
  const [, third, all] = /^Surveyed in eu-west: (\d+) of (\d+) pages$/m.exec(program.stdout()) ?? [];
  expect(printed(program, /^Cut off: (\d+) messages wait in us-east; /m)).toBe(third);
  expect(printed(program, /^Healed: all (\d+) pages in eu-west, each once and in order$/m)).toBe(all);
});

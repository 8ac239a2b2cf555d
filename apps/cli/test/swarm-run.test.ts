import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptReport, JsonValue } from '@multiswarm/contracts';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { runCliProcess, startCli, type CliProcess } from './support/cli-process';
import { FleetPeer, TRACE_ID } from './support/fleet-peer';

let nats: TestServer;
let peer: FleetPeer;
let directory: string;
const running: CliProcess[] = [];

beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());
beforeEach(async () => {
  peer = await FleetPeer.connect(nats.url);
  directory = await mkdtemp(join(tmpdir(), 'swarm-run-'));
});
afterEach(async () => {
  for (const cli of running.splice(0)) {
    cli.child.kill('SIGKILL');
    await cli.exited;
  }
  await peer.close();
  await rm(directory, { recursive: true, force: true });
});

async function startSwarm(id: string, ...agent: string[]): Promise<CliProcess> {
  const cli = startCli(['swarm', 'run', '--servers', nats.url, '--id', id, '--region', 'eu-west', ...agent], {
    cwd: directory,
  });
  running.push(cli);
  await peer.beat(id);
  return cli;
}

/** Runs one task on a fresh swarm with this command and returns how it ended. */
async function runOnce(
  command: string,
  input: JsonValue = {},
): Promise<{ report: AttemptReport; cli: CliProcess }> {
  const cli = await startSwarm('one-shot', '--exec', command, '--grace', '200ms');
  await peer.run('one-shot', 't0-00000001', input);
  return { report: await peer.report('t0-00000001'), cli };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const pidIn = async (file: string): Promise<number> =>
  Number(
    await eventually(() => readFile(join(directory, file), 'utf8').then((text) => text.trim()), {
      describe: `a process id in ${file}`,
    }),
  );

describe('a swarm whose agents are an executable', () => {
  test('gives the input on stdin and the attempt in the environment, and takes stdout as the output', async () => {
    const script = `const input = JSON.parse(require('fs').readFileSync(0, 'utf8')); const e = process.env;
      console.error('working on ' + input.name);
      console.log(JSON.stringify({ upper: input.name.toUpperCase(), env: [e.MULTISWARM_TASK_ID, e.MULTISWARM_WORKFLOW_ID, e.MULTISWARM_STEP,
        e.MULTISWARM_ATTEMPT, e.MULTISWARM_SWARM_ID, e.MULTISWARM_REGION, e.MULTISWARM_TASK_TYPE], trace: e.TRACEPARENT }))`;
    const cli = await startSwarm(
      'env',
      '--exec',
      `node -e "$AGENT"`.replace('$AGENT', script.replaceAll('"', '\\"')),
    );
    await peer.run(
      'env',
      't0-00000001',
      { name: 'ada' },
      { workflowId: 'w0-00000009', step: 'greet', attempt: 2 },
    );
    const report = await peer.report('t0-00000001');
    expect(report).toMatchObject({ outcome: 'succeeded', attempt: 2 });
    expect(report.output).toMatchObject({
      upper: 'ADA',
      env: ['t0-00000001', 'w0-00000009', 'greet', '2', 'env', 'eu-west', 'work'],
    });
    expect(JSON.stringify(report.output)).toContain(TRACE_ID);
    const logged = cli
      .err()
      .split('\n')
      .find((line) => line.includes('working on ada'));
    expect(JSON.parse(logged ?? '{}')).toMatchObject({ service: 'env', traceId: TRACE_ID });
  });

  test('is described by its options', async () => {
    const options = [
      '--slots',
      '3',
      '--type',
      'a,b',
      '--capability',
      'llm',
      '--attribute',
      'gpu_memory=40',
      '--attribute',
      'lang=ts',
      '--attribute',
      'lang=go',
    ];
    await startSwarm(
      'described',
      '--exec',
      'cat',
      ...options,
      '--label',
      'tier=spot',
      '--resource',
      'cpu=4',
      '--cost-per-hour',
      '2.5',
    );
    expect(await peer.beat('described')).toMatchObject({
      region: 'eu-west',
      slots: 3,
      types: ['a', 'b'],
      capabilities: ['llm'],
      attributes: { gpu_memory: 40, lang: ['ts', 'go'] },
      labels: { tier: 'spot' },
      resources: { cpu: 4 },
      costPerHour: 2.5,
    });
  });

  test('a command that says nothing has the output null', async () => {
    expect((await runOnce('true')).report).toMatchObject({ outcome: 'succeeded', output: null });
  });

  test('a command need not read its input', async () => {
    const { report } = await runOnce('echo 1', { padding: 'x'.repeat(200_000) });
    expect(report).toMatchObject({ outcome: 'succeeded', output: 1 });
  });

  test('another exit code fails the attempt, with the code and the end of stderr', async () => {
    const { report } = await runOnce(
      'i=0; while [ $i -lt 3000 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 3',
    );
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'attempt-failed', retryable: true } });
    expect(report.error?.message).toMatch(/exited with code 3; stderr ends with:\n….*line 2999$/s);
    expect(report.error?.message).not.toContain('line 100\n');
  });

  test('a command that is ended by a signal fails the attempt', async () => {
    const { report } = await runOnce('kill -SEGV $$');
    expect(report.error?.message).toContain('was ended by SIGSEGV; it wrote nothing to stderr');
  });

  test('a command that does not exist fails the attempt, in the words of the shell', async () => {
    const { report } = await runOnce('no-such-program --at-all');
    expect(report.error?.message).toMatch(/exited with code 127.*no-such-program/s);
  });

  test('output that is no JSON fails the attempt and is quoted', async () => {
    const { report } = await runOnce('echo Done, see the file');
    expect(report).toMatchObject({ outcome: 'failed' });
    expect(report.error?.message).toContain('starts with "Done, see the file\\n"');
  });

  test('output over the limit ends the command at once, and is not tried again', async () => {
    const { report } = await runOnce('yes');
    expect(report.error).toMatchObject({ code: 'output-too-large', retryable: false });
  });

  test('cancelling sends SIGTERM to the whole process group', async () => {
    await startSwarm(
      'cancels',
      '--exec',
      `trap 'echo stopped > ended; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done`,
    );
    await peer.run('cancels', 't0-00000001', {});
    const pid = await pidIn('pid');
    await peer.cancel('cancels', 't0-00000001');
    expect(await peer.report('t0-00000001')).toMatchObject({ outcome: 'cancelled' });
    expect(await readFile(join(directory, 'ended'), 'utf8')).toBe('stopped\n');
    expect(isAlive(pid)).toBe(false);
  });

  test('a command that ignores SIGTERM is killed after the grace time', async () => {
    await startSwarm(
      'stubborn',
      '--grace',
      '100ms',
      '--exec',
      `trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done`,
    );
    await peer.run('stubborn', 't0-00000001', {});
    const pid = await pidIn('pid');
    await peer.cancel('stubborn', 't0-00000001');
    expect(await peer.report('t0-00000001')).toMatchObject({ outcome: 'cancelled' });
    expect(isAlive(pid)).toBe(false);
  });

  test('what a command leaves running is killed when it ends', async () => {
    const { report } = await runOnce('sleep 600 & echo $! > pid; echo 1');
    expect(report).toMatchObject({ outcome: 'succeeded', output: 1 });
    const pid = await pidIn('pid');
    await eventually(() => !isAlive(pid));
  });

  test('SIGTERM lets a running command finish, reports it, and ends with code 0', async () => {
    const cli = await startSwarm(
      'drains',
      '--exec',
      'echo $$ > pid; while [ ! -e go ]; do sleep 0.02; done; echo 7',
    );
    await peer.run('drains', 't0-00000001', {});
    await pidIn('pid');
    cli.child.kill('SIGTERM');
    await eventually(() =>
      peer.beats.some(({ swarmId, state }) => swarmId === 'drains' && state === 'draining'),
    );
    expect(await peer.run('drains', 't0-00000002', {})).toMatchObject({ outcome: 'refused' });
    await writeFile(join(directory, 'go'), '');
    expect(await peer.report('t0-00000001')).toMatchObject({ outcome: 'succeeded', output: 7 });
    expect(await cli.exited).toBe(0);
  });

  test('under npx it drains when the shell is gone that npx has put in between', async () => {
    const cli = startCli(
      ['swarm', 'run', '--servers', nats.url, '--id', 'npx', '--region', 'eu-west', '--exec', 'cat'],
      { cwd: directory, env: { npm_lifecycle_event: 'npx' }, under: ['sh', '-c', '"$@"; true', 'sh'] },
    );
    running.push(cli);
    await peer.beat('npx');
    await eventually(() => cli.out().includes('"ready"') || cli.err().includes('"ready"'));
    cli.child.kill('SIGTERM');
    // The shell is gone at once; its streams are closed when the swarm has ended too.
    expect(await cli.exited).toBe('SIGTERM');
    expect(cli.out() + cli.err()).toContain('npm is gone: draining');
  });

  test('its commands die with it, even when it is killed with SIGKILL', async () => {
    const cli = await startSwarm('dies', '--exec', 'echo $$ > pid; sleep 600 & echo $! > child; wait');
    await peer.run('dies', 't0-00000001', {});
    const pids = [await pidIn('pid'), await pidIn('child')];
    expect(pids.map(isAlive)).toEqual([true, true]);
    cli.child.kill('SIGKILL');
    await eventually(() => pids.every((pid) => !isAlive(pid)), { timeoutMs: 8_000 });
  });
});

describe('a swarm that holds', () => {
  test('really occupies its slot for the time that was asked for', async () => {
    await startSwarm('holds', '--slots', '1', '--hold');
    await peer.run('holds', 't0-00000001', { holdMs: 300 });
    expect(await peer.run('holds', 't0-00000002', { holdMs: 0 })).toMatchObject({
      outcome: 'refused',
      reason: 'no-free-slot',
    });
    const { output, startedAt, finishedAt } = await peer.report('t0-00000001');
    expect(finishedAt - startedAt).toBeGreaterThanOrEqual(299);
    expect(output).toMatchObject({
      held_ms: expect.any(Number) as number,
      startedAt: expect.any(String) as string,
    });
  });

  test('lets go when it is cancelled', async () => {
    await startSwarm('lets-go', '--hold');
    await peer.run('lets-go', 't0-00000001', { holdMs: 600_000 });
    await peer.cancel('lets-go', 't0-00000001');
    expect(await peer.report('t0-00000001')).toMatchObject({ outcome: 'cancelled' });
  });

  test('refuses an input without a time', async () => {
    await startSwarm('strict', '--hold');
    await peer.run('strict', 't0-00000001', { holdMs: 'long' });
    expect((await peer.report('t0-00000001')).error).toMatchObject({
      code: 'invalid-input',
      retryable: false,
    });
  });
});

describe('a swarm that cannot start', () => {
  test('says that NATS is missing: exit 7', async () => {
    const { code, err } = await runCliProcess([
      'swarm',
      'run',
      '--id',
      'a',
      '--region',
      'b',
      '--hold',
      '--servers',
      'nats://127.0.0.1:1',
    ]);
    expect(code).toBe(7);
    expect(err).toContain('no NATS server answers at nats://127.0.0.1:1');
  });

  test('lists everything that is wrong with its description: exit 2', async () => {
    const { code, err } = await runCliProcess([
      'swarm',
      'run',
      '--id',
      'a b',
      '--region',
      'c.d',
      '--hold',
      '--servers',
      nats.url,
    ]);
    expect(code).toBe(2);
    expect(err).toMatch(/swarmId: .*\n.*region: /s);
  });
});

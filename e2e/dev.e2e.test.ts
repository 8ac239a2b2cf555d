import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workflow } from '@multiswarm/contracts';
import { DevSystem, ROOT } from './support/dev-system';

const FLEET = join(__dirname, 'support', 'small-fleet.yaml');
let system: DevSystem;

beforeEach(async () => {
  system = await DevSystem.prepare();
});
afterEach(() => system.dispose());

const archiveIn = (out: string): string => /^archive\s+(\S+)/m.exec(out)?.[1] ?? '';

describe('swarmctl dev', () => {
  test('runs the delivery workflow, ends by itself with code 0, leaves nothing behind, and does it again on the kept data', async () => {
    const first = await system.launch('--demo', '--once').exited;
    expect(first).toMatchObject({ code: 0 });
    const { out } = first;
    const archive = archiveIn(out);
    expect(statSync(archive).size).toBeGreaterThan(1_000);
    for (const step of [
      'analyze_requirements',
      'design_architecture',
      'implement_solution',
      'test_solution',
      'deploy_solution',
    ]) {
      expect(out).toMatch(
        new RegExp(`${step}\\s+succeeded\\s+\\S+\\s+\\S+\\s+[\\d.]+ m?s\\s+\\$0\\.\\d+\\s+\\S+`),
      );
    }
    expect(first.err).toMatch(/✓ analyze_requirements +succeeded[^]*✓ deploy_solution +succeeded/);
    expect(system.processes()).toEqual([]);
    expect(await system.takenPorts()).toEqual([]);

    const second = await system.launch('--demo', '--once').exited;
    expect(second).toMatchObject({ code: 0 });
    expect(archiveIn(second.out)).not.toBe(archive);
    expect(existsSync(archiveIn(second.out))).toBe(true);
  });

  test('stays up with its addresses until Ctrl-C, keeps its data over a restart, and shares its directory with nobody', async () => {
    const dev = await system.start('--fleet', FLEET);
    expect(dev.out).toContain(`${system.url}/docs`);
    expect(await system.run('doctor', '--data-dir', system.directory)).toMatchObject({ code: 0 });

    const again = await system.run('dev', '--data-dir', system.directory);
    expect(again).toMatchObject({ code: 5 });
    expect(again.err).toContain(`already running on ${system.directory} (pid ${system.pid}, ${system.url})`);

    const task = await system.run(
      'task',
      'submit',
      'echo',
      '--input',
      '{"hello":"world"}',
      '--wait',
      '-o',
      'json',
    );
    expect(JSON.parse(task.out)).toMatchObject({ state: 'succeeded', output: { hello: 'world' } });

    expect(await system.interrupt()).toMatchObject({ code: 0 });
    expect(system.processes()).toEqual([]);
    expect(await system.takenPorts()).toEqual([]);

    await system.start('--fleet', FLEET);
    const { id } = JSON.parse(task.out) as { id: string };
    expect(await system.json('task', 'get', id)).toMatchObject({
      id,
      state: 'succeeded',
      output: { hello: 'world' },
    });
  });

  test('leaves nothing behind even when it is killed, and the next start goes on with the data', async () => {
    const dev = await system.start('--fleet', FLEET);
    const hold = JSON.stringify({ tasks: [step('a', 1_500), step('b', 0)], dependencies: { b: ['a'] } });
    const submitted = await system.runWith(hold, 'workflow', 'run', '-', '-o', 'name');
    expect(submitted).toMatchObject({ code: 0 });
    dev.child.kill('SIGKILL');
    await dev.exited;
    await system.gone();

    await system.start('--fleet', FLEET);
    const id = submitted.out.trim();
    const { code } = await system.run('workflow', 'get', id, '--watch', '--timeout', '60s');
    expect(code).toBe(0);
    const workflow = await system.json<Workflow>('workflow', 'get', id);
    expect(workflow.state).toBe('succeeded');
  });

  test('names the port that is taken, by whom, and the setting that moves it', async () => {
    await system.start('--fleet', FLEET);
    const [natsPort = 0] = system.ports;
    const { code, err } = await system.run('dev', '--data-dir', join(system.directory, 'other'));
    expect(code).toBe(5);
    expect(err).toContain(
      `port ${natsPort} (nats) is taken by nats-server (pid ${await system.pidOf('nats')}): stop it or set NATS_PORT`,
    );
    expect(err.match(/is taken/g)).toHaveLength(5);
  });

  test('a fleet file with faults is refused with all of them before anything is started', async () => {
    const { code, err } = await system.run(
      'dev',
      '--data-dir',
      system.directory,
      '--fleet',
      join(ROOT, 'package.json'),
    );
    expect(code).toBe(2);
    expect(err).toContain('expected a list of swarms');
    expect(await readFile(join(system.directory, 'dev.lock'), 'utf8').catch(() => 'none')).toBe('none');
  });
});

function step(id: string, holdMs: number): object {
  return { id, type: 'wfcommons', input: { holdMs } };
}

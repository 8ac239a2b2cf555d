import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { Peer } from './peer';

let nats: TestServer;
let peer: Peer;
let child: ChildProcess;

beforeEach(async () => {
  nats = await startNats();
  peer = await Peer.connect(nats.url);
});
afterEach(async () => {
  child.kill('SIGKILL');
  await peer.close();
  await nats.stop();
});

/** A process with two swarms, each of which holds one attempt. `exited` resolves to its exit code. */
async function startProcess(drainMs: number): Promise<{ exited: Promise<unknown> }> {
  const script = join(__dirname, 'swarm-process.ts');
  const args = ['-C', 'multiswarm-source', '-r', 'ts-node/register', script, nats.url, String(drainMs)];
  child = spawn(process.execPath, args, { cwd: join(__dirname, '../../..'), stdio: 'ignore' });
  const exited = once(child, 'exit').then(([code]) => code as unknown);
  await eventually(() => peer.beatOf('first') && peer.beatOf('second'), { timeoutMs: 15_000 });
  await peer.dispatch('first', { taskId: 't3-00000001', type: 'hold' });
  await peer.dispatch('second', { taskId: 't3-00000002', type: 'hold' });
  return { exited };
}

describe('a process with swarms', () => {
  test('drains all of them on SIGTERM, reports what they held, and ends with code 0', async () => {
    const { exited } = await startProcess(50);
    child.kill('SIGTERM');
    expect(await peer.report('t3-00000001')).toMatchObject({ outcome: 'lost' });
    expect(await peer.report('t3-00000002')).toMatchObject({ outcome: 'lost' });
    expect(await exited).toBe(0);
    expect([peer.beatOf('first')?.state, peer.beatOf('second')?.state]).toEqual(['stopped', 'stopped']);
  });

  test('ends at once on a second signal', async () => {
    const { exited } = await startProcess(600_000);
    child.kill('SIGTERM');
    await eventually(
      () => peer.beatOf('first')?.state === 'draining' && peer.beatOf('second')?.state === 'draining',
    );
    child.kill('SIGINT');
    expect(await exited).toBe(130);
    expect(peer.reports).toEqual([]);
  });
});

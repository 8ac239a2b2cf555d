import { setTimeout as delay } from 'node:timers/promises';
import type { TestServer } from '@multiswarm/testing';
import type { Deployment } from '../system/deployment';
import { fillDisk } from './disk-full';
import type { Fault } from './plan';

/** Does it, waits, and undoes it; resolves when its target is ready for work again. */
export async function inject(deployment: Deployment, fault: Fault): Promise<void> {
  switch (fault.kind) {
    case 'kill':
      return kill(deployment, fault);
    case 'freeze':
      return freeze(deployment, fault);
    case 'cut':
      return cut(deployment, fault);
    case 'disk-full':
      return fillDisk(deployment.redis, fault.forMs);
  }
}

async function kill(deployment: Deployment, { target, forMs }: Fault): Promise<void> {
  const program = deployment.programs.get(target);
  const server = serverOf(deployment, target);
  if (server) {
    await server.kill('SIGKILL');
    await delay(forMs);
    await server.restart();
  } else if (program) {
    await program.kill();
    await delay(forMs);
    program.start();
    await program.ready();
  } else throw new Error(`there is no ${target} to kill`);
}

async function freeze(deployment: Deployment, { target, forMs }: Fault): Promise<void> {
  const program = deployment.programs.get(target);
  const server = serverOf(deployment, target);
  if (server) {
    await server.kill('SIGSTOP');
    await delay(forMs);
    await server.kill('SIGCONT');
  } else if (program) {
    program.freeze();
    await delay(forMs);
    program.thaw();
    await program.ready();
  } else throw new Error(`there is no ${target} to freeze`);
}

async function cut(deployment: Deployment, { target, forMs }: Fault): Promise<void> {
  const line = deployment.lines.get(target);
  if (!line) throw new Error(`no line leads to ${target}`);
  line.nats.cut();
  line.redis?.cut();
  await delay(forMs);
  line.nats.heal();
  line.redis?.heal();
}

function serverOf({ nats, leaf, redis }: Deployment, target: string): TestServer | undefined {
  return new Map([
    ['nats', nats],
    ['leaf', leaf],
    ['redis', redis],
  ]).get(target);
}

import { setTimeout as delay } from 'node:timers/promises';
import type { TestServer } from '@multiswarm/testing';
import type { Deployment } from '../system/deployment';
import { ORDERLY_END, type Program } from '../system/program';
import { fillDisk, refuseWrites } from './disk-full';
import type { Fault, FaultKind } from './plan';

/** What was seen of a fault by who has it. */
export interface Outcome {
  /** What was not as it should be. */
  readonly disorder?: string;
  /** What the target said of it. */
  readonly said?: string;
}

type Injection = (deployment: Deployment, fault: Fault) => Promise<Outcome>;

/** Longer than the grace period of services and the drain of swarms. */
const ORDERLY_END_MS = 30_000;
const NOTHING: Outcome = {};

const INJECTIONS: Readonly<Record<FaultKind, Injection>> = {
  restart,
  kill,
  freeze,
  cut,
  'disk-full': async ({ redis }, { forMs }) => heard(await fillDisk(redis, forMs)),
  'writes-refused': async ({ redis }, { forMs }) => heard(await refuseWrites(redis, forMs)),
};

/** Does it, waits, and undoes it; resolves when its target is ready for work again. */
export function inject(deployment: Deployment, fault: Fault): Promise<Outcome> {
  return INJECTIONS[fault.kind](deployment, fault);
}

async function restart(deployment: Deployment, { target, forMs }: Fault): Promise<Outcome> {
  const program = programOf(deployment, target);
  const how = await program.stop(ORDERLY_END_MS);
  await delay(forMs);
  program.start();
  await program.ready();
  if (how === ORDERLY_END) return NOTHING;
  return { disorder: `${target} was told to end, and ended with ${how ?? 'nothing'}` };
}

async function kill(deployment: Deployment, { target, forMs }: Fault): Promise<Outcome> {
  const server = serverOf(deployment, target);
  if (server) {
    await server.kill('SIGKILL');
    await delay(forMs);
    await server.restart();
  } else {
    const program = programOf(deployment, target);
    await program.kill();
    await delay(forMs);
    program.start();
    await program.ready();
  }
  return NOTHING;
}

async function freeze(deployment: Deployment, { target, forMs }: Fault): Promise<Outcome> {
  const server = serverOf(deployment, target);
  if (server) {
    await server.kill('SIGSTOP');
    await delay(forMs);
    await server.kill('SIGCONT');
  } else {
    const program = programOf(deployment, target);
    program.freeze();
    await delay(forMs);
    program.thaw();
    await program.ready();
  }
  return NOTHING;
}

async function cut(deployment: Deployment, { target, forMs }: Fault): Promise<Outcome> {
  const line = deployment.lines.get(target);
  if (!line) throw new Error(`no line leads to ${target}`);
  line.nats.cut();
  line.redis?.cut();
  await delay(forMs);
  line.nats.heal();
  line.redis?.heal();
  return NOTHING;
}

/** A full disk that nobody notices is none. */
function heard(said: string): Outcome {
  return said === '' ? { disorder: 'the disk of Redis was full, and Redis did not say so' } : { said };
}

function programOf({ programs }: Deployment, target: string): Program {
  const program = programs.get(target);
  if (!program) throw new Error(`there is no ${target}`);
  return program;
}

function serverOf({ nats, leaf, redis }: Deployment, target: string): TestServer | undefined {
  return new Map([
    ['nats', nats],
    ['leaf', leaf],
    ['redis', redis],
  ]).get(target);
}

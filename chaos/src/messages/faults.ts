import { setTimeout as delay } from 'node:timers/promises';
import { randomInteger, seededRandom } from '@multiswarm/core';
import { describeFault, planFaults, type Fault, type PossibleFault, type Step } from '../faults/plan';
import { COMMUNICATORS } from '../system/settings';
import { RECIPIENTS, SENDERS } from './letters';
import type { MailSystem } from './system';

const RESTARTED = { leastMs: 0, mostMs: 500 };
const KILLED = { leastMs: 0, mostMs: 3_000 };
/** Less and more than leases, three heartbeats, and the time in which a message has to be acknowledged. */
const FROZEN = { leastMs: 300, mostMs: 8_000 };
const PAUSE_MS = { least: 200, most: 3_000 };

/** Each of them in turn, then all again and again in an order that the seed decides. */
export function mailFaults(seed: number): Generator<Step, never> {
  const recipients = Object.values(RECIPIENTS).flat();
  const programs = [...COMMUNICATORS, ...SENDERS, ...recipients];
  const possible: PossibleFault[] = [
    ...['nats', ...programs].map((target) => ({ kind: 'kill' as const, target, ...KILLED })),
    ...['nats', ...programs].map((target) => ({ kind: 'restart' as const, target, ...RESTARTED })),
    ...['nats', ...COMMUNICATORS, ...recipients].map((target) => ({
      kind: 'freeze' as const,
      target,
      ...FROZEN,
    })),
  ];
  return planFaults(seed, possible);
}

/** Step after step, until the plan or the time is over. @returns what was done */
export async function injectMailFaults(
  system: MailSystem,
  { seed, plan, forMs }: { seed: number; plan: Iterable<Step>; forMs: number },
  progress: (line: string) => void,
): Promise<Fault[]> {
  const random = seededRandom(seed);
  const endMs = performance.now() + forMs;
  const pause = (): Promise<void> =>
    delay(PAUSE_MS.least + randomInteger(random, PAUSE_MS.most - PAUSE_MS.least));
  const done: Fault[] = [];
  await pause();
  for (const step of plan) {
    if (performance.now() > endMs) break;
    progress(step.map(describeFault).join(', and '));
    await Promise.all(step.map((fault) => inject(system, fault)));
    done.push(...step);
    await pause();
  }
  return done;
}

/** Resolves when its target is ready for work again. */
async function inject(system: MailSystem, { kind, target, forMs }: Fault): Promise<void> {
  if (target === 'nats') return injectServer(system, kind, forMs);
  const program = system.programs.get(target);
  if (program === undefined) throw new Error(`there is no ${target}`);
  if (kind === 'freeze') program.freeze();
  else if (kind === 'restart') await program.stop();
  else await program.kill();
  await delay(forMs);
  if (kind === 'freeze') program.thaw();
  else program.start();
  await program.ready();
}

async function injectServer({ nats }: MailSystem, kind: Fault['kind'], forMs: number): Promise<void> {
  if (kind === 'restart') return nats.restart();
  await nats.kill(kind === 'freeze' ? 'SIGSTOP' : 'SIGKILL');
  await delay(forMs);
  await (kind === 'freeze' ? nats.kill('SIGCONT') : nats.restart());
}

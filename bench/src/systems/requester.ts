import { join } from 'node:path';
import { startChild, type Child } from '../child';
import type { Answered, Loop } from './request-loops';
import type { Endings } from './system';

/** `subject` is what the requester calls it: a subject of NATS, or an action of Moleculer. */
export type Asked = { subject: string; body: string } & Loop;

const SCRIPTS = {
  nats: 'requester-process.ts',
  bus: 'bus-requester-process.ts',
  moleculer: 'moleculer-requester-process.ts',
};

/** Who asks, in a process of its own. */
export async function startRequester(
  by: keyof typeof SCRIPTS,
  natsUrl: string,
  endings: Endings,
): Promise<Requester> {
  const args = ['-r', 'ts-node/register', join(__dirname, SCRIPTS[by])];
  const child = startChild({ name: `${by} requester`, args, env: { NATS_URL: natsUrl } });
  endings.add(() => child.stop());
  await child.ready;
  return new Requester(child);
}

export class Requester {
  constructor(private readonly child: Child) {}

  get pid(): number {
    return this.child.pid;
  }

  async ask(asked: Asked): Promise<Answered> {
    return (await this.child.ask(asked)) as Answered; // what its process answers
  }
}

import { join } from 'node:path';
import { startChild, type Child } from '../child';
import type { Endings } from './system';

/** Requests with the same body: so many under way all the time, or so many a second whatever becomes of them. */
export type Asked = { subject: string; body: string; requests: number } & (
  { kind: 'closed'; inFlight: number } | { kind: 'open'; rate: number }
);

export interface Answered {
  readonly perSecond: number;
  /** From when it was sent; in an open loop from when it was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Who asks, in a process of its own. */
export async function startRequester(natsUrl: string, endings: Endings): Promise<Requester> {
  const args = ['-r', 'ts-node/register', join(__dirname, 'requester-process.ts')];
  const child = startChild({ name: 'requester', args, env: { NATS_URL: natsUrl } });
  endings.add(() => child.stop());
  await child.ready;
  return new Requester(child);
}

export class Requester {
  constructor(private readonly child: Child) {}

  async ask(asked: Asked): Promise<Answered> {
    return (await this.child.ask(asked)) as Answered; // what requester-process answers
  }
}

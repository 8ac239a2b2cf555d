import { join } from 'node:path';
import { startChild } from '../child';
import type { Answered } from './request-loops';
import type { Endings } from './system';

/** The same POST, so many times, over so many connections. */
export interface Posts {
  port: number;
  path: string;
  body: string;
  connections: number;
  requests: number;
}

/** Who posts, in a process of its own. */
export async function startHttpRequester(endings: Endings): Promise<(posts: Posts) => Promise<Answered>> {
  const args = ['-r', 'ts-node/register', join(__dirname, 'http-requester-process.ts')];
  const child = startChild({ name: 'http-requester', args });
  endings.add(() => child.stop());
  await child.ready;
  return async (posts) => (await child.ask(posts)) as Answered; // what http-requester-process answers
}

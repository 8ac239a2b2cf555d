import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Child } from './child';

const PROBE = join(__dirname, 'systems', 'probe.cjs');
/** What makes a process answer questions about itself; see probe.cjs. */
export const PROBED: readonly string[] = ['-r', PROBE];

// eslint-disable-next-line @typescript-eslint/no-require-imports -- a preload of other processes, hence no TypeScript
const { answer } = require(PROBE) as { answer: (question: object) => Promise<unknown> };

/** Runs `work` while every one of the (probed) processes, and this one, samples itself: `DIR/<label>.<process>.cpuprofile`. */
export async function profiled<T>(
  directory: string,
  label: string,
  children: readonly Child[],
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(directory, { recursive: true });
  const asked = [
    ...children.map(({ name, ask }) => ({ name, ask })),
    { name: 'client', ask: (question: object) => answer(question) },
  ];
  await Promise.all(asked.map(({ ask }) => ask({ probe: 'profile-start' })));
  const value = await work();
  await Promise.all(
    asked.map(({ name, ask }) =>
      ask({ probe: 'profile-stop', file: join(directory, `${label}.${name}.cpuprofile`) }),
    ),
  );
  return value;
}

/** Bytes on the heap of a probed process after collecting garbage. */
export async function heapOf(child: Child): Promise<number> {
  const { heapUsed } = (await child.ask({ probe: 'heap' })) as { heapUsed: number };
  return heapUsed;
}

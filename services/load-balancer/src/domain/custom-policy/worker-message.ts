import { isCount, isObject } from '@multiswarm/contracts';

/** What the thread of a policy says. */
export type WorkerMessage =
  | { kind: 'ready' }
  | { kind: 'unusable'; message: string }
  | { kind: 'ranked'; id: number; ranking: unknown }
  | { kind: 'threw'; id: number; message: string };

/** Undefined for anything else: the user's code runs in that thread too, and can send what it likes. */
export function readWorkerMessage(given: unknown): WorkerMessage | undefined {
  if (!isObject(given)) return undefined;
  const { kind, id, message, ranking } = given;
  const text = typeof message === 'string' ? message : '';
  if (kind === 'ready') return { kind };
  if (kind === 'unusable') return { kind, message: text };
  if (!isCount(id, 0)) return undefined;
  if (kind === 'ranked') return { kind, id: id as number, ranking };
  return kind === 'threw' ? { kind, id: id as number, message: text } : undefined;
}

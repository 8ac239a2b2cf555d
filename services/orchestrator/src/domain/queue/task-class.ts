import { createHash } from 'node:crypto';
import type { TaskClass, TaskSpec } from '@multiswarm/contracts';

/** Classes kept for the next task of the same kind; beyond this the table begins anew. */
const KNOWN_CLASSES = 10_000;
/** Longer texts are named by their hash. */
const KEY_CHARS = 64;

const known = new Map<string, TaskClass>();

/** What a task has in common with others that any one swarm either can or cannot run alike. Equal classes are the same object. */
export function toClass({
  namespace,
  type,
  requirements,
}: Pick<TaskSpec, 'namespace' | 'type' | 'requirements'>): TaskClass {
  const text = JSON.stringify([namespace, type, requirements]);
  let found = known.get(text);
  if (!found) {
    const key = text.length <= KEY_CHARS ? text : createHash('sha1').update(text).digest('base64');
    found = { key, namespace, type, requirements };
    if (known.size >= KNOWN_CLASSES) known.clear();
    known.set(text, found);
  }
  return found;
}

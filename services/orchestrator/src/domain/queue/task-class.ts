import { createHash } from 'node:crypto';
import type { TaskClass, TaskSpec } from '@multiswarm/contracts';

/** Classes kept for the next task of the same kind; beyond this the table begins anew. */
const KNOWN_CLASSES = 10_000;
const KNOWN_NAMESPACES = 1_000;
const KNOWN_TYPES = 100;
/** Longer texts are named by their hash. */
const KEY_CHARS = 64;

const known = new Map<string, TaskClass>();
/** Those without requirements, by namespace and type: most tasks have none, and nothing has to be printed to find theirs. */
const undemanding = new Map<string, Map<string, TaskClass>>();

type ClassSpec = Pick<TaskSpec, 'namespace' | 'type' | 'requirements'>;

/** What a task has in common with others that any one swarm either can or cannot run alike. Equal classes are the same object. */
export function toClass(spec: ClassSpec): TaskClass {
  if (!isEmpty(spec.requirements)) return lookUp(spec);
  const ofNamespace = undemanding.get(spec.namespace);
  return ofNamespace?.get(spec.type) ?? keepUndemanding(lookUp(spec), ofNamespace);
}

function keepUndemanding(found: TaskClass, ofNamespace: Map<string, TaskClass> | undefined): TaskClass {
  if (undemanding.size >= KNOWN_NAMESPACES) undemanding.clear();
  else if (ofNamespace && ofNamespace.size < KNOWN_TYPES) {
    ofNamespace.set(found.type, found);
    return found;
  }
  undemanding.set(found.namespace, new Map([[found.type, found]]));
  return found;
}

function isEmpty(requirements: object): boolean {
  for (const _ in requirements) return false;
  return true;
}

function lookUp({ namespace, type, requirements }: ClassSpec): TaskClass {
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

import { createHash } from 'node:crypto';
import {
  groupKey,
  groupOf,
  type ClassRouting,
  type Routing,
  type TaskClass,
  type TaskSpec,
} from '@multiswarm/contracts';

/** Classes kept for the next task of the same kind; beyond this the table begins anew. */
const KNOWN_CLASSES = 10_000;
const KNOWN_NAMESPACES = 1_000;
const KNOWN_TYPES = 100;
/** Longer texts are named by their hash. */
const KEY_CHARS = 64;

const known = new Map<string, TaskClass>();
/** Those without requirements, by namespace and type: most tasks have none, and nothing has to be printed to find theirs. */
const undemanding = new Map<string, Map<string, TaskClass>>();

type GroupSpec = Pick<TaskSpec, 'namespace' | 'type' | 'routing' | 'workflowId'>;
type ClassSpec = GroupSpec & Pick<TaskSpec, 'requirements'>;

/**
 * What a task has in common with others that any one swarm either can or cannot run alike, and suits alike. Its own wishes are
 * not part of it, or every key of an affinity would be a class; but for the group of a task that must keep its place: while
 * one group waits, another need not. Equal classes are the same object.
 */
export function toClass(spec: ClassSpec): TaskClass {
  if (spec.routing !== undefined || !isEmpty(spec.requirements)) return lookUp(spec);
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

/** The group in which a task is counted, over all namespaces: unless it names one, that of its workflow or its type. */
export function groupKeyOf({ namespace, type, routing, workflowId }: GroupSpec): string | undefined {
  const group = groupOf(routing, workflowId ?? type);
  return group === undefined ? undefined : groupKey(namespace, group);
}

function lookUp(spec: ClassSpec): TaskClass {
  const { namespace, type, requirements } = spec;
  const routing = spec.routing && ofClass(spec.routing);
  const parts: unknown[] = [namespace, type, requirements];
  if (routing) parts.push(routing);
  if (routing?.apart?.must === true || routing?.spread?.must === true) parts.push(groupKeyOf(spec));
  const text = JSON.stringify(parts);
  let found = known.get(text);
  if (!found) {
    const key = text.length <= KEY_CHARS ? text : createHash('sha1').update(text).digest('base64');
    found = { key, namespace, type, requirements };
    if (routing) found.routing = routing;
    if (known.size >= KNOWN_CLASSES) known.clear();
    known.set(text, found);
  }
  return found;
}

function ofClass(routing: Routing): ClassRouting | undefined {
  const { affinity: _affinity, group: _group, ...rest } = routing;
  return isEmpty(rest) ? undefined : rest;
}

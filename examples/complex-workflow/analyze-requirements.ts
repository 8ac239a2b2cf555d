import { NonRetryableError } from '@multiswarm/sdk';
import { OPERATIONS, type Need, type Requirements, type Thing } from './documents';

const TITLE = /^# (.+)$/m;
const THING = /^- An? (?<thing>[a-z]+) has (?<fields>.+?)(?:,? and refers to (?<references>.+?))?\.$/gm;
const FIELD = /(?:and )?(?:an? )?(?<name>[a-z][a-z ]*?) \((?<kind>text|number)\)/g;
const REFERENCE = /an? ([a-z]+)/g;
const NEED = /^- (?<id>N\d+): .*? can (?<verbs>[a-z, ]+) (?<things>[a-z]+)\.$/gm;

/** Reads the things and needs out of a requirements document. Throws one error that lists everything that does not hold together. */
export function analyzeRequirements(document: string): Requirements {
  const things = [...document.matchAll(THING)].map(toThing);
  const needs = [...document.matchAll(NEED)].map(toNeed);
  const requirements = { title: TITLE.exec(document)?.[1] ?? 'Untitled', things, needs };
  const gaps = [...gapsOf(requirements, document)];
  if (gaps.length > 0) throw new NonRetryableError('requirements-incomplete', gaps.join('; '));
  return requirements;
}

function toThing({ groups = {} }: RegExpMatchArray): Thing {
  const fields = [...(groups['fields'] ?? '').matchAll(FIELD)].map((match) => ({
    name: (match.groups?.['name'] ?? '').replaceAll(' ', '_'),
    kind: match.groups?.['kind'] === 'number' ? ('number' as const) : ('text' as const),
  }));
  const refersTo = [...(groups['references'] ?? '').matchAll(REFERENCE)].map((match) => match[1] ?? '');
  return { name: groups['thing'] ?? '', fields, refersTo };
}

function toNeed({ groups = {} }: RegExpMatchArray): Need {
  const verbs = new Set((groups['verbs'] ?? '').split(/[^a-z]+/));
  return {
    id: groups['id'] ?? '',
    thing: (groups['things'] ?? '').replace(/s$/, ''),
    operations: OPERATIONS.filter((operation) => verbs.has(operation)),
  };
}

function* gapsOf({ things, needs }: Requirements, document: string): Generator<string> {
  const known = new Set(things.map(({ name }) => name));
  const ids = new Set([...document.matchAll(/^- (N\d+):/gm)].map((match) => match[1] ?? ''));
  if (known.size === 0) yield 'it names no things';
  for (const id of ids) if (!needs.some((need) => need.id === id)) yield `${id} cannot be understood`;
  for (const { id, thing, operations } of needs) {
    if (!known.has(thing)) yield `${id} is about a ${thing}, which is not described`;
    if (operations.length === 0) yield `${id} asks for no known operation`;
  }
  for (const { name, refersTo } of things) {
    for (const other of refersTo)
      if (!known.has(other)) yield `a ${name} refers to a ${other}, which is not described`;
    if (!needs.some(({ thing }) => thing === name)) yield `nobody needs a ${name}`;
  }
}

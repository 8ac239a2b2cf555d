import {
  matchesPattern,
  type PlaceItem,
  type PlacementRule,
  type Requirements,
  type Scalar,
  type SwarmProfile,
} from '@multiswarm/contracts';
import { fits, NO_RESOURCES, RESOURCE_KINDS, toVector } from './resource-vector';

/** One thing that a task asks of a swarm. */
export interface Ask {
  rule: PlacementRule;
  /** What was asked for, as a noun: `capability "gpu"`. */
  detail: string;
  /** The same as the end of a sentence that begins with "no swarm": `advertises capability "gpu"`. */
  predicate: string;
  passes(profile: SwarmProfile): boolean;
}

/** As a type that is asked for: any swarm will do. No task can have this type. */
export const ANY_TYPE = '*';
/** Regions or values that a sentence spells out. */
const SPELLED_OUT = 5;

/** Everything that a task asks for, in the order of PLACEMENT_RULES. */
export function asksOf({ type, requirements }: Pick<PlaceItem, 'type' | 'requirements'>): Ask[] {
  return [
    ...(type === ANY_TYPE ? [] : [typeAsk(type)]),
    ...(requirements.capabilities ?? []).map(capabilityAsk),
    ...(requirements.region === undefined || requirements.region.length === 0
      ? []
      : [regionAsk(requirements.region)]),
    ...Object.entries(requirements.labels ?? {}).map(([key, value]) => labelAsk(key, value)),
    ...Object.entries(requirements.attributes ?? {}).map(([key, value]) => attributeAsk(key, value)),
    ...resourceAsks(requirements.resources),
  ];
}

function typeAsk(type: string): Ask {
  return {
    rule: 'type',
    detail: `type "${type}"`,
    predicate: `handles type "${type}"`,
    passes: ({ types }) => types.includes(type) || types.includes('*'),
  };
}

function capabilityAsk(capability: string): Ask {
  return {
    rule: 'capability',
    detail: `capability "${capability}"`,
    predicate: `advertises capability "${capability}"`,
    passes: ({ capabilities }) => capabilities.includes(capability),
  };
}

function regionAsk(patterns: readonly string[]): Ask {
  const more = patterns.length > SPELLED_OUT ? ` or ${patterns.length - SPELLED_OUT} more` : '';
  const detail = `region ${patterns.slice(0, SPELLED_OUT).join(' or ')}${more}`;
  return {
    rule: 'region',
    detail,
    predicate: `is in ${detail}`,
    passes: ({ region }) => patterns.some((pattern) => matchesPattern(pattern, region)),
  };
}

function labelAsk(key: string, value: string): Ask {
  return {
    rule: 'label',
    detail: `label ${key}=${value}`,
    predicate: `carries label ${key}=${value}`,
    passes: ({ labels }) => Object.hasOwn(labels, key) && labels[key] === value,
  };
}

function attributeAsk(key: string, asked: Scalar): Ask {
  const text = typeof asked === 'number' ? `${key} >= ${asked}` : `${key} = ${String(asked).slice(0, 64)}`;
  return {
    rule: 'attribute',
    detail: `attribute ${text}`,
    predicate: `declares attribute ${text}`,
    passes: ({ attributes }) => Object.hasOwn(attributes, key) && satisfies(attributes[key], asked),
  };
}

/** A number asks for at least that much; anything else for the same. Of a list, any item will do. */
function satisfies(declared: SwarmProfile['attributes'][string] | undefined, asked: Scalar): boolean {
  if (Array.isArray(declared)) return declared.some((item) => satisfies(item, asked));
  if (typeof asked === 'number' && typeof declared === 'number') return declared >= asked;
  return declared === asked;
}

/** Against the total of the swarm: what never fits. What does not fit now is a matter of time, and not asked here. */
function resourceAsks(resources: Requirements['resources']): Ask[] {
  const asked = toVector(resources);
  return RESOURCE_KINDS.filter((kind) => asked[kind] > 0).map((kind) => {
    const detail = `${kind} ${resources?.[kind] ?? 0}`;
    const needed = { ...NO_RESOURCES, [kind]: asked[kind] };
    return {
      rule: 'resources',
      detail,
      predicate: `has ${detail}`,
      passes: (profile) => fits(needed, toVector(profile.resources)),
    };
  });
}

import {
  constraintText,
  matchesPattern,
  satisfiesConstraint,
  type AttributeAsked,
  type LabelAsked,
  type PlaceItem,
  type PlacementRule,
  type Requirements,
  type Scalar,
  type SwarmProfile,
} from '@multiswarm/contracts';
import type { MemberProfile, WantedKind } from './member';
import { fits, partsOf, toVector } from './resource-vector';

/** One thing that a task asks of a swarm. */
export interface Ask {
  rule: PlacementRule;
  /** What was asked for, as a noun: `capability "gpu"`. */
  detail: string;
  /** The same as the end of a sentence that begins with "no swarm": `advertises capability "gpu"`. */
  predicate: string;
  /** Nobody spells it out: it goes without saying. */
  implied?: boolean;
  passes(profile: MemberProfile): boolean;
}

/** As a type that is asked for: any swarm will do. No task can have this type. */
export const ANY_TYPE = '*';
/** Regions or values that a sentence spells out. */
const SPELLED_OUT = 5;

/** What a task or a routed request asks for. Where it does not say of whom, it is a task. */
export type Asked = Pick<PlaceItem, 'type' | 'requirements' | 'routing'> & { kind?: WantedKind };

/** Everything that it asks for, in the order of PLACEMENT_RULES. */
export function asksOf({ type, requirements, kind = 'swarm' }: Asked): Ask[] {
  return [
    ...(kind === 'any' ? [] : [KIND_ASKS[kind]]),
    ...(type === ANY_TYPE ? [] : [typeAsk(type)]),
    ...conditionAsks(requirements),
    ...resourceAsks(requirements.resources),
    ...priceAsks(requirements.maxCostPerSlotHour),
  ];
}

export type Conditions = Pick<Requirements, 'capabilities' | 'region' | 'labels' | 'attributes'>;

/** What a task may require, and may as well only prefer. */
export function conditionAsks({ capabilities, region, labels, attributes }: Conditions): Ask[] {
  return [
    ...(capabilities ?? []).map(capabilityAsk),
    ...(region === undefined || region.length === 0 ? [] : [regionAsk(region)]),
    ...Object.entries(labels ?? {}).map(([key, asked]) => labelAsk(key, asked)),
    ...Object.entries(attributes ?? {}).map(([key, asked]) => attributeAsk(key, asked)),
  ];
}

const KIND_ASKS: Record<'swarm' | 'external', Ask> = {
  swarm: {
    rule: 'kind',
    detail: 'a swarm, not an external endpoint',
    predicate: 'is connected, external endpoints only',
    implied: true,
    passes: ({ kind }) => kind !== 'external',
  },
  external: {
    rule: 'kind',
    detail: 'an external endpoint',
    predicate: 'is an external endpoint',
    passes: ({ kind }) => kind === 'external',
  },
};

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

function labelAsk(key: string, asked: LabelAsked): Ask {
  const isText = typeof asked === 'string';
  return {
    rule: 'label',
    ...(isText ? said('label', `${key}=${asked}`) : said('label', `${key} ${constraintText(asked)}`)),
    passes: ({ labels }) => {
      const carried = own(labels, key);
      return isText ? carried === asked : satisfiesConstraint(carried, asked);
    },
  };
}

const VERBS = { label: 'carries', attribute: 'declares' } as const;

function said(what: keyof typeof VERBS, asked: string): Pick<Ask, 'detail' | 'predicate'> {
  const detail = `${what} ${asked}`;
  return { detail, predicate: `${VERBS[what]} ${detail}` };
}

/** What the prototype has under a key is no label. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function attributeAsk(key: string, asked: AttributeAsked): Ask {
  return {
    rule: 'attribute',
    ...said('attribute', `${key} ${typeof asked === 'object' ? constraintText(asked) : shortText(asked)}`),
    passes: ({ attributes }) => {
      const declared = own(attributes, key);
      return typeof asked === 'object' ? satisfiesConstraint(declared, asked) : satisfies(declared, asked);
    },
  };
}

function shortText(asked: Scalar): string {
  return typeof asked === 'number' ? `>= ${asked}` : `= ${String(asked).slice(0, 64)}`;
}

/** A number asks for at least that much; anything else for the same. Of a list, any item will do. */
function satisfies(declared: SwarmProfile['attributes'][string] | undefined, asked: Scalar): boolean {
  if (Array.isArray(declared)) return declared.some((item) => satisfies(item, asked));
  if (typeof asked === 'number' && typeof declared === 'number') return declared >= asked;
  return declared === asked;
}

/** Against the total of the swarm: what never fits. What does not fit now is a matter of time, and not asked here. */
function resourceAsks(resources: Requirements['resources']): Ask[] {
  return partsOf(toVector(resources)).map(({ kind, amount, part }) => ({
    rule: 'resources',
    detail: `${kind} ${amount}`,
    predicate: `has ${kind} ${amount}`,
    passes: (profile) => fits(part, toVector(profile.resources)),
  }));
}

function priceAsks(most: number | undefined): Ask[] {
  if (most === undefined) return [];
  const detail = `at most ${most} USD per slot-hour`;
  return [
    {
      rule: 'price',
      detail,
      predicate: `costs ${detail}`,
      passes: ({ costPerHour, slots }) => costPerHour / slots <= most,
    },
  ];
}

import {
  matchesPattern,
  satisfiesConstraint,
  type AttributeAsked,
  type AttributeConstraint,
  type DirectoryEntry,
  type DirectoryFilter,
  type Heartbeat,
} from '@multiswarm/contracts';

/** What heartbeats say of a swarm. */
export interface Present extends Pick<Heartbeat, 'region' | 'capabilities' | 'attributes' | 'slots'> {
  state: NonNullable<DirectoryEntry['state']>;
  load: number;
  costPerSlotHour: number;
}

/** What was advertised. */
export interface Advertised extends Pick<DirectoryEntry, 'region' | 'load' | 'costPerSlotHour' | 'version'> {
  capabilities: readonly string[];
  attributes?: DirectoryEntry['attributes'] | undefined;
  /** Epoch ms. */
  expiresAt: number;
  /** It is there only while its swarm is. */
  whilePresent: boolean;
}

/** Loads are told again when they have moved by so much, or to one of their ends. */
const LOAD_STEP = 0.1;
const LOAD_DIGITS = 1_000;

/** What is known of a swarm by its heartbeats, by what was advertised, or by both; undefined where that is nothing. */
export function entryOf(
  swarmId: string,
  present: Present | undefined,
  advertised: Advertised | undefined,
): DirectoryEntry | undefined {
  if (present === undefined && (advertised === undefined || advertised.whilePresent)) return undefined;
  const source = present === undefined ? 'advertisement' : advertised === undefined ? 'heartbeat' : 'both';
  return {
    swarmId,
    source,
    ...factsOf(present),
    ...saidOf(advertised),
    capabilities: [
      ...new Set([...(present?.capabilities ?? []), ...(advertised?.capabilities ?? [])]),
    ].sort(),
    attributes: { ...present?.attributes, ...advertised?.attributes },
  };
}

function factsOf(present: Present | undefined): Omit<Present, 'capabilities' | 'attributes'> | undefined {
  if (present === undefined) return undefined;
  const { region, state, slots, costPerSlotHour, load } = present;
  return { region, state, slots, costPerSlotHour, load: Math.round(load * LOAD_DIGITS) / LOAD_DIGITS };
}

function saidOf(advertised: Advertised | undefined): Partial<DirectoryEntry> {
  if (advertised === undefined) return {};
  const { region, load, costPerSlotHour, version, expiresAt } = advertised;
  return {
    ...(region === undefined ? {} : { region }),
    ...(load === undefined ? {} : { load }),
    ...(costPerSlotHour === undefined ? {} : { costPerSlotHour }),
    ...(version === undefined ? {} : { version }),
    until: new Date(expiresAt).toISOString(),
  };
}

/** Whether an entry is what is looked for. */
export function fits(entry: DirectoryEntry, filter: Omit<DirectoryFilter, 'namespace'>): boolean {
  const { capability = [], region, maxLoad, maxCostPerSlotHour, version, attributes = {} } = filter;
  return (
    capability.every((name) => entry.capabilities.includes(name)) &&
    (region === undefined || region.some((pattern) => matchesPattern(pattern, entry.region ?? ''))) &&
    (maxLoad === undefined || (entry.load ?? Infinity) <= maxLoad) &&
    (maxCostPerSlotHour === undefined || (entry.costPerSlotHour ?? Infinity) <= maxCostPerSlotHour) &&
    (version === undefined || entry.version === version) &&
    Object.entries(attributes).every(([name, asked]) =>
      satisfiesConstraint(
        Object.hasOwn(entry.attributes, name) ? entry.attributes[name] : undefined,
        asConstraint(asked),
      ),
    )
  );
}

function asConstraint(asked: AttributeAsked): AttributeConstraint {
  if (typeof asked === 'object') return asked;
  return typeof asked === 'number' ? { '>=': asked } : { '=': asked };
}

/** Whether watchers are told. That it was renewed, or that its load has moved a little, is no news. */
export function isNews(before: DirectoryEntry | undefined, after: DirectoryEntry | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after;
  return hasMoved(before.load, after.load) || identityOf(before) !== identityOf(after);
}

function hasMoved(before = -1, after = -1): boolean {
  if (before === after) return false;
  const isAtAnEnd = after <= 0 || after >= 1;
  return isAtAnEnd || Math.abs(after - before) >= LOAD_STEP;
}

function identityOf({ load: _load, until: _until, ...rest }: DirectoryEntry): string {
  return JSON.stringify(rest);
}

import { z } from 'zod';
import { LIMITS } from './limits';
import { Name, recordOf, Region, Span } from './names';
import { conditions } from './requirements';

/** The rules by which one of several swarms is picked. */
export const POLICIES = [
  'hybrid',
  'round-robin',
  'weighted',
  'least-connections',
  'least-latency',
  'power-of-two',
  'prequal',
  'consistent-hash',
  'cost',
  'predictive',
  'learned',
  'least-loaded',
] as const;
export type Policy = (typeof POLICIES)[number];
/** How the name of a policy begins that an operator has added. */
export const CUSTOM_POLICY = 'custom:';

const A_POLICY = new RegExp(`^(${POLICIES.join('|')}|${CUSTOM_POLICY}[A-Za-z0-9][A-Za-z0-9_.:/-]*)$`);

/** A policy that there is, or one that an operator has added. */
export const PolicyName = z
  .string()
  .max(LIMITS.NAME_CHARS)
  .regex(
    A_POLICY,
    `no such policy; there are ${POLICIES.join(', ')}, and ${CUSTOM_POLICY}<name> for your own`,
  );
export type PolicyName = z.infer<typeof PolicyName>;

/** Where the tasks of one group are counted: a zone is a region and the label `zone` of a swarm. */
export const PLACES = ['swarm', 'zone', 'region'] as const;
export type Place = (typeof PLACES)[number];
/** The label that names the zone of a swarm inside its region. */
export const ZONE_LABEL = 'zone';

/** What would be liked, in the words of requirements: it ranks swarms, and rules out none. */
export const Preference = z
  .strictObject({
    weight: z
      .number()
      .int()
      .min(1)
      .max(LIMITS.PREFERENCE_WEIGHT)
      .default(1)
      .describe('how much it counts beside the other preferences of the task'),
    ...conditions,
  })
  .refine((given) => Object.keys(conditions).some((name) => name in given), {
    message: `say what is preferred, by ${Object.keys(conditions).join(', ')}`,
  });
export type Preference = z.infer<typeof Preference>;

const must = z
  .boolean()
  .default(false)
  .describe('whether it rather waits; otherwise it is a wish, and a free slot goes before it');

export const Apart = z.strictObject({
  from: z.enum(PLACES).default('swarm').describe('where no other task of the group should run'),
  must,
});
export type Apart = z.infer<typeof Apart>;

export const Spread = z.strictObject({
  over: z.enum(['zone', 'region']).default('region'),
  maxSkew: z
    .number()
    .int()
    .min(1)
    .max(LIMITS.SPREAD_SKEW)
    .default(1)
    .describe('how many more tasks of the group one place may run than the place that runs fewest'),
  must,
});
export type Spread = z.infer<typeof Spread>;

/** What all tasks of one class have in common of their wishes. */
const ofClass = {
  policy: PolicyName.optional().describe(
    'instead of that of the task type, the namespace, the load-balancer',
  ),
  prefer: z
    .array(Preference)
    .min(1)
    .max(LIMITS.PREFERENCES)
    .refine(areDifferent, 'two preferences ask for the same: give one of them, with the weight of both')
    .optional(),
  near: Region.optional().describe(
    'where the task comes from, or where its data is: closer regions go first',
  ),
  localityWaitMs: Span.optional().describe(
    'how long it waits for a slot in the region that is near before it goes to another; 0 unless given',
  ),
  apart: Apart.optional(),
  spread: Spread.optional(),
};

/** What is one task's own: there may be as many of these as tasks. */
const ofTask = {
  affinity: Name.optional().describe('tasks with the same key go to the same swarm, as long as it has room'),
  group: Name.optional().describe(
    'which tasks keep apart or spread; unless given, the workflow of a step, else the type',
  ),
};

function areDifferent(preferences: readonly z.infer<typeof Preference>[]): boolean {
  const asked = preferences.map(({ weight: _, ...conditions }) => JSON.stringify(conditions));
  return new Set(asked).size === asked.length;
}

/** Which of the swarms that may run a task it should be: wishes, but for what says `must`. */
export const Routing = z.strictObject({ ...ofClass, ...ofTask }).superRefine((routing, context) => {
  if (routing.near === undefined && (routing.localityWaitMs ?? 0) > 0)
    context.addIssue({
      code: 'custom',
      path: ['localityWaitMs'],
      message: 'waits for a slot near a region: say which, in near',
    });
});
export type Routing = z.infer<typeof Routing>;

/** The part that belongs to the requirement class of a task. */
export const ClassRouting = z.strictObject(ofClass);
export type ClassRouting = z.infer<typeof ClassRouting>;

/** The part that is the task's own. */
export type TaskRouting = Pick<Routing, keyof typeof ofTask>;

/** Whether a task would rather wait than take any free slot that meets its requirements. */
export function mayWait({ localityWaitMs = 0, apart, spread }: ClassRouting): boolean {
  return localityWaitMs > 0 || apart?.must === true || spread?.must === true;
}

/** Which group a task is counted in, if any. @param otherwise where it keeps apart or spreads and names none */
export function groupOf(routing: Routing | undefined, otherwise: string): string | undefined {
  if (routing === undefined) return undefined;
  const { group, apart, spread } = routing;
  return group ?? (apart === undefined && spread === undefined ? undefined : otherwise);
}

/** The group whose tasks keep apart or spread, over all namespaces: no other namespace counts in it. */
export function groupKey(namespace: string, group: string): string {
  return `${namespace}/${group}`;
}

/** Of whom a namespace speaks: each type may have a policy of its own. */
export const NamespaceRouting = z.strictObject({
  policy: PolicyName.optional().describe('for tasks that name none'),
  policies: recordOf(Name, PolicyName, LIMITS.NAMESPACE_POLICIES)
    .optional()
    .describe('by task type, instead of that of the namespace'),
  learning: z
    .boolean()
    .default(true)
    .describe(
      'whether its tasks teach how long a type takes on which swarms, and are placed by what was learned',
    ),
});
export type NamespaceRouting = z.infer<typeof NamespaceRouting>;

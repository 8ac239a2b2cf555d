import { z } from 'zod';
import { EVENT_TYPES, EventPattern, type Event } from './event';
import { TaskId, WorkflowId } from './ids';
import { LIMITS } from './limits';
import { Flag, Instant, matchesPattern, Millis, Namespace, Region, SwarmId } from './names';
import { TASK_STATES } from './task';

/** One value, several with commas between them, or the parameter several times: any of them. */
function anyOf(item: z.ZodType<string>) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((given, context) => {
      const values = [given].flat().flatMap((text) => text.split(','));
      const fault = (message: string): void =>
        void context.issues.push({ code: 'custom', message, input: given });
      if (values.length > LIMITS.LIST_ITEMS) fault(`at most ${LIMITS.LIST_ITEMS} values`);
      else
        for (const value of values) {
          const message = item.safeParse(value).error?.issues[0]?.message;
          if (message !== undefined) fault(values.length > 1 ? `"${value}": ${message}` : message);
        }
      return values;
    })
    .optional();
}

/** `task.failed` and `workflow.failed` tell of the state `failed`: these are the states of which an event tells. */
const TOLD_STATES: readonly string[] = TASK_STATES.filter((state) =>
  EVENT_TYPES.some((type) => stateTold(type) === state),
);
const ToldState = z
  .string()
  .refine((state) => TOLD_STATES.includes(state), `a state that events tell of: ${TOLD_STATES.join(', ')}`);

function stateTold(type: string): string {
  return type.slice(type.indexOf('.') + 1);
}

const RootId = z.union([TaskId, WorkflowId], 'an id looks like t3-0198c2... or w3-0198c2...');

/** What of the events somebody wants to see: what each parameter says must be so. */
export const EventFilter = z.object({
  root: RootId.optional().describe('a task or workflow'),
  type: anyOf(EventPattern).describe('event types, or prefixes such as task.*'),
  state: anyOf(ToldState).describe('states that a task or workflow comes into'),
  namespace: anyOf(Namespace).describe('namespaces'),
  swarm: anyOf(SwarmId).describe('swarms that an attempt is on'),
  region: anyOf(Region).describe('regions that an attempt is in'),
  shard: z.coerce.number().int().nonnegative().max(9_999).optional().describe('the number of one shard'),
});
export type EventFilter = z.infer<typeof EventFilter>;

export const EventsQuery = z
  .strictObject({
    ...EventFilter.shape,
    from: Instant.optional().describe('begins with what happened at this instant, as far as it is there'),
    to: Instant.optional().describe('only what happened before this instant; ends then'),
    follow: Flag.optional().describe('false: ends with what has happened until now'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    path: ['to'],
    message: 'must be after `from`',
  });
export type EventsQuery = z.infer<typeof EventsQuery>;

/** Whether an event is one of those that are wanted; the shard is that of its root. */
export function isWanted(event: Event, filter: EventFilter): boolean {
  const { root, type, state, namespace, swarm, region, shard } = filter;
  if (root !== undefined && event.root !== root && event.taskId !== root) return false;
  if (type && !type.some((pattern) => matchesPattern(pattern, event.type))) return false;
  if (state && !state.includes(stateTold(event.type))) return false;
  if (namespace && !namespace.includes(event.namespace)) return false;
  if (swarm && !swarm.includes(event.swarmId ?? '')) return false;
  if (region && !region.includes(event.region ?? '')) return false;
  return shard === undefined || event.root.startsWith(`${event.root.charAt(0)}${shard}-`);
}

/**
 * Why events are missing: `dropped`, they had left the stream before the reader asked; `left-behind`, they left it while the
 * reader was too slow; `stream-lost`, the stream itself is another one than before; `retention`, they are older than their
 * namespace keeps events.
 */
export const GAP_REASONS = ['dropped', 'left-behind', 'stream-lost', 'retention'] as const;

/** What is sent in place of events that will not come. */
export const EventGap = z.object({
  v: z.literal(1),
  reason: z.enum(GAP_REASONS),
  from: z.number().int().positive().describe('sequence in the stream of the first message that is missing'),
  to: z.number().int().nullable().describe('and of the last one; null where nobody can know'),
  before: Millis.optional().describe('what is missing was published before this instant'),
  detail: z.string().describe('what happened, and where what is missing can still be read'),
});
export type EventGap = z.infer<typeof EventGap>;

/** The last message of a stream of events that has an end. */
export const EventsEnd = z.object({
  v: z.literal(1),
  events: z.number().int().nonnegative().describe('events that were sent'),
  position: z.string().optional().describe('the id to go on after'),
});
export type EventsEnd = z.infer<typeof EventsEnd>;

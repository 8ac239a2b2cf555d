import { z } from 'zod';
import { Json } from './json';
import { LIMITS } from './limits';
import { DeadMail, MailCause } from './mailbox';
import { Instant, Name, Namespace, SwarmId } from './names';

const DeadSeq = z.coerce.number().int().positive();

const conditions = {
  namespace: Namespace.optional(),
  to: SwarmId.optional().describe('whose mailbox it was in'),
  from: SwarmId.optional(),
  kind: Name.optional(),
  cause: MailCause.optional(),
  diedAfter: Instant.optional().describe('given up then or later'),
  diedBefore: Instant.optional().describe('given up earlier than that'),
};

export const DeadMessageFilter = z.strictObject(conditions);
export type DeadMessageFilter = z.infer<typeof DeadMessageFilter>;

export const ListDeadMessages = z.strictObject({
  ...conditions,
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(50),
  cursor: DeadSeq.optional().describe('"next" of the page before'),
});
export type ListDeadMessages = z.infer<typeof ListDeadMessages>;
export const GetDeadMessage = z.strictObject({ seq: DeadSeq });

const Counted = z.array(z.object({ name: z.string(), count: z.number().int() })).describe('most first');

/** How many dead messages there are, over all that match. */
export const DeadMessageCounts = z.object({
  total: z.number().int().nonnegative(),
  complete: z.boolean().describe('false where there are more than are counted at once'),
  byCause: Counted,
  byRecipient: Counted,
});
export type DeadMessageCounts = z.infer<typeof DeadMessageCounts>;

export const DeadMessagePage = z.object({
  items: z.array(DeadMail).describe('in the order in which they were given up'),
  next: z.string().nullable(),
  counts: DeadMessageCounts.optional().describe('with the first page: all that match, not only those shown'),
});
export type DeadMessagePage = z.infer<typeof DeadMessagePage>;

export const DeadMessageDetail = DeadMail.extend({
  data: Json.optional().describe('what it says; left out where it is no JSON'),
  text: z.string().optional().describe('its body as it is, where it is no JSON'),
  correlationId: z.string().optional(),
  replyTo: z.string().optional(),
  traceparent: z.string().optional(),
  notRedrivable: z.string().optional().describe('why it cannot be redriven, where it cannot'),
});
export type DeadMessageDetail = z.infer<typeof DeadMessageDetail>;

export const SettleDeadMessages = z
  .strictObject({
    seqs: z.array(DeadSeq).min(1).max(LIMITS.DEAD_LETTERS_AT_ONCE).optional(),
    filter: DeadMessageFilter.optional().describe('all that match, oldest first'),
    all: z.boolean().optional().describe('in place of a filter without any condition'),
    limit: z
      .number()
      .int()
      .min(1)
      .max(LIMITS.DEAD_LETTERS_AT_ONCE)
      .optional()
      .describe(
        `of a filter or all: at most so many, ${LIMITS.DEAD_LETTERS_BY_DEFAULT} where it is left out`,
      ),
    cursor: DeadSeq.optional().describe('of a filter or all: "next" of the answer before'),
    dryRun: z.boolean().default(false).describe('only tell what would happen'),
    requestedBy: z.string().min(1).max(LIMITS.NAME_CHARS).optional().describe('who asks'),
    reason: z.string().min(1).max(LIMITS.METADATA_VALUE_CHARS).optional().describe('why'),
  })
  .superRefine(targetFaults);
export type SettleDeadMessages = z.infer<typeof SettleDeadMessages>;

/** Which dead messages are meant must be said in exactly one way, and "all of them" in so many words. */
function targetFaults(
  given: { seqs?: unknown; filter?: DeadMessageFilter | undefined; all?: boolean | undefined },
  context: z.core.$RefinementCtx,
): void {
  const { seqs, filter, all } = given;
  const isEmpty = filter !== undefined && Object.values(filter).every((value) => value === undefined);
  const ways = [seqs !== undefined, filter !== undefined, all === true].filter(Boolean).length;
  const fault = (name: string, message: string): void =>
    void context.addIssue({ code: 'custom', path: [name], message });
  if (ways === 0) fault('seqs', 'missing: say which by seqs or a filter, or all: true');
  else if (ways > 1) fault('seqs', 'give only one of seqs, filter and all');
  else if (isEmpty) fault('filter', 'has no condition: say all: true where all dead messages are meant');
}

export const DeadMessageResult = z.object({
  seq: z.number().int(),
  id: z.string().optional().describe('of the message'),
  outcome: z
    .enum(['redriven', 'purged', 'unchanged', 'refused'])
    .describe('unchanged: there is nothing left to do'),
  newId: z.string().optional().describe('the id under which it was sent again'),
  error: z.object({ code: z.string(), detail: z.string() }).optional().describe('why it is refused'),
});
export type DeadMessageResult = z.infer<typeof DeadMessageResult>;

/** What became of each. With a dry run: what would. */
export const DeadMessageReply = z.object({
  dryRun: z.boolean(),
  done: z.number().int().describe('redriven or purged'),
  unchanged: z.number().int(),
  refused: z.number().int(),
  items: z.array(DeadMessageResult),
  next: z.string().nullable().describe('of a filter or all: where to go on, null where there are no more'),
});
export type DeadMessageReply = z.infer<typeof DeadMessageReply>;

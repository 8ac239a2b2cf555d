import { z } from 'zod';
import { LIMITS } from './limits';
import { Message } from './message';
import { Instant, Millis, Namespace, SwarmId, Token } from './names';

const Seq = z.number().int().positive();

/**
 * In which JetStream domain a mailbox is read: whoever reads it there last. `atMs` orders the domains that have claimed it: it is the time of
 * the claim, or one more than that of the claim before, where clocks disagree.
 */
export const MailHome = z.object({ namespace: Namespace, mailbox: SwarmId, domain: Token, atMs: Millis });
export type MailHome = z.infer<typeof MailHome>;

/** What the owner of a mailbox shard has claimed for its domain, by the names of the mailboxes: page by page. */
export const MailHomesQuery = z.strictObject({
  after: z
    .string()
    .max(2 * LIMITS.NAME_CHARS + 1)
    .default('')
    .describe('`next` of the page before'),
});
export type MailHomesQuery = z.infer<typeof MailHomesQuery>;
export const MailHomesPage = z.object({ homes: z.array(MailHome), next: z.string().optional() });
export type MailHomesPage = z.infer<typeof MailHomesPage>;

/** Messages of one mailbox: the owner of its shard in one domain → the owner in the domain where it is read. */
export const MailForward = z.strictObject({
  origin: Token.describe('the domain from which they come'),
  epoch: z.number().int().nonnegative().describe('of the owner there'),
  home: MailHome.describe('why they come here'),
  messages: z
    .array(
      z.object({
        seq: Seq,
        hops: z.number().int().positive().describe('how often it was forwarded, this time included'),
        message: Message,
      }),
    )
    .min(1)
    .max(LIMITS.MAIL_FORWARDED),
});
export type MailForward = z.infer<typeof MailForward>;
export const MailForwarded = z.object({
  stored: z.array(Seq).describe('kept here from now on'),
  full: z
    .object({ depth: z.number().int().nonnegative(), limit: z.number().int().positive() })
    .optional()
    .describe('there was no room for the others'),
  fetching: z.boolean().optional().describe('the payload of one of the others is on its way here: ask again'),
  moved: MailHome.optional().describe('the mailbox is read elsewhere since'),
});
export type MailForwarded = z.infer<typeof MailForwarded>;

const Count = z.number().int().nonnegative();

/** What waits in one domain for another one. */
export const OutgoingMail = z.object({
  domain: Token,
  mailboxes: Count,
  messages: Count,
  bytes: Count,
  oldestAt: Instant.optional(),
});
export type OutgoingMail = z.infer<typeof OutgoingMail>;
export const OutgoingMailList = z.object({ outgoing: z.array(OutgoingMail) });

/** `here`: the domain that answers. `heard`: its communicators are heard. `silent`: it is cut off, or no communicator runs there. */
export const DOMAIN_STATES = ['here', 'heard', 'silent'] as const;
export const DomainSeen = z.object({
  domain: Token,
  state: z.enum(DOMAIN_STATES),
  since: Instant.describe('of the state'),
  waiting: OutgoingMail.omit({ domain: true }).describe('mail from here to there'),
});
export type DomainSeen = z.infer<typeof DomainSeen>;
export const DomainList = z.object({ domains: z.array(DomainSeen) });
export type DomainList = z.infer<typeof DomainList>;

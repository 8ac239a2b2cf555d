import { z } from 'zod';
import { LIMITS } from './limits';
import { MailNak, MailSettle } from './mailbox';

/** Comes back with the answer. */
const id = z.union([z.string().max(LIMITS.NAME_CHARS), z.number()]).optional();
const seqs = MailSettle.shape.acks.min(1);

/** `cause` and `message` may be left out where a reader outside of NATS refuses a message. */
export const ReaderNak = MailNak.omit({ blameless: true }).extend({
  cause: MailNak.shape.cause.default('handler-failed'),
  message: MailNak.shape.message.default('not handled').describe('why'),
});
export const ReaderNaks = z.array(ReaderNak).min(1).max(LIMITS.MAIL_FAULTS);

export const Credits = z.coerce.number().int().min(0).max(LIMITS.MAIL_WINDOW);

/** What a reader says over the WebSocket of a mailbox. */
export const MailboxFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ack'), id, seqs }),
  z.strictObject({ type: z.literal('extend'), id, seqs }),
  z.strictObject({ type: z.literal('release'), id, seqs }),
  z.strictObject({ type: z.literal('nak'), id, naks: ReaderNaks }),
  /** From now on so many messages at the same time; 0 for none. */
  z.strictObject({
    type: z.literal('credits'),
    id,
    credits: z.number().int().min(0).max(LIMITS.MAIL_WINDOW),
  }),
  z.strictObject({ type: z.literal('ping'), id }),
]);
export type MailboxFrame = z.infer<typeof MailboxFrame>;

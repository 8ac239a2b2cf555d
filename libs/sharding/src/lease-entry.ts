import { z } from 'zod';

/** One lease as the bucket has it. It is never deleted, so that its epoch goes on from where it was. */
export const LeaseEntry = z.object({
  v: z.literal(1),
  owner: z.string().describe('empty: given back'),
  epoch: z.number().int().nonnegative(),
  ttlMs: z.number().positive(),
  at: z
    .number()
    .describe('when it was written, epoch ms by the clock of who wrote it; nothing is decided by it'),
});
export type LeaseEntry = z.infer<typeof LeaseEntry>;

/** What is stored under a key, and the number of the write that put it there. */
export interface StoredLease {
  entry: LeaseEntry;
  revision: number;
}

/** Where leases are kept: a register per key, written by compare-and-set. */
export interface LeaseRegister {
  /** The newest value, or undefined where there is none. @throws MultiswarmError `bus-unavailable` */
  read(key: string): Promise<StoredLease | undefined>;
  /** False: another write came after `revision` (0: nothing is there yet). @throws MultiswarmError `bus-unavailable` */
  write(key: string, entry: LeaseEntry, revision: number): Promise<boolean>;
}

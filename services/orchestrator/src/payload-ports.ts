import type { Description, PayloadBucket, PayloadInventory } from '@multiswarm/bus';

/** Where payloads are. */
export type PayloadStore = Pick<PayloadBucket, 'store' | 'storeStream' | 'claim' | 'find' | 'read'>;

/** All of them, for who counts and removes. */
export type PayloadStock = Pick<
  PayloadInventory,
  'descriptions' | 'parts' | 'lastPartAt' | 'remove' | 'removeUpload'
>;

export type { Description };

export interface TaskPayloads {
  taskId: string;
  /** Ids of the payloads that it refers to. */
  payloads: string[];
}

/** Of one shard, as Redis has it. */
export interface ShardStanding {
  /**
   * When it was last found to have been set back, or to be empty although it was not before, or its owner could not find that out, epoch
   * ms: until somebody has put back what is missing its references are not all. Undefined where it never was, Infinity where nobody has taken it to look.
   */
  setBackAt: number | undefined;
  /** The number of its last commit. */
  batchSeq: number;
}

/** Which of these payloads messages between swarms refer to. @throws where that is not known: then nothing is */
export type MailReferences = (asked: ReadonlySet<string>) => Promise<ReadonlySet<string>>;

/** Which tasks refer to which payloads, as committed: written with each record, and removed with it. */
export interface PayloadIndex {
  /**
   * Page by page: all that are there from the first page to the last, some of them perhaps twice.
   * @throws MultiswarmError also where the shard is being imported: what is there then is not all
   */
  references(shard: number): AsyncIterable<TaskPayloads[]>;
  standing(shard: number): Promise<ShardStanding>;
  /** Which of these tasks are not stored, though the index has them. */
  strays(shard: number, taskIds: readonly string[]): Promise<string[]>;
  /** Takes tasks off the index that are not stored at this moment. */
  removeStrays(shard: number, taskIds: readonly string[]): Promise<void>;
}

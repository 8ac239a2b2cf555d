import type { PlaceItem } from '@multiswarm/contracts';
import type { Columns } from '../engine/columns';
import type { GroupKey } from '../engine/group';
import type { Belief } from '../learning/learner';
import type { Moment } from '../moment';

/** What is kept of each endpoint: the columns that policies read and that its group does not say already. */
export const FIELDS = [
  'slots',
  'busy',
  'allowance',
  'weight',
  'costPerSlotHour',
  'latencyMs',
  'pace',
  'heardMs',
  'hash',
  'turn',
  'due',
] as const satisfies readonly (keyof Columns)[];

/** Behind the fields: which group of the list it is in, and its row at that time, which breaks ties. */
export const GROUP_AT = FIELDS.length;
export const ROW_AT = FIELDS.length + 1;
/** Numbers for each endpoint. */
export const NUMBERS = FIELDS.length + 2;

/** A group by names, since numbers are those of one process. */
export interface SeenGroup extends Pick<GroupKey, 'tier' | 'score'> {
  readonly place: string;
  readonly swarmClass: string;
  /** USD: what a slot-hour of it costs on average, whether there is room or not. */
  readonly price: number;
}

/** What a policy saw when it decided, and whom it chose. */
export interface Seen {
  at: Moment;
  /** The policy that decided. */
  policy: string;
  item: PlaceItem;
  /** Endpoints that it could choose among; and how many of them are kept here. */
  open: number;
  rows: number;
  /** Of the endpoints, in the order of the view. */
  readonly swarmIds: string[];
  readonly regions: string[];
  /** NUMBERS for each endpoint, one after the other. */
  numbers: Float64Array;
  groups: readonly SeenGroup[];
  /** Of weighted turns. */
  virtualTime: number;
  /** By class, where something may be learned for the item. */
  beliefs: ReadonlyMap<string, Belief> | undefined;
  /** Which of the endpoints was chosen. */
  chosen: number;
}

import type { Event, Task } from '@multiswarm/contracts';
import type { Submission } from '../load/load';
import type { SeenFlow } from './flows';
import type { Execution } from './journal';
import type { MailLine } from './mail';
import type { Watched } from './watchers';

/** Somebody who follows events, all or some. */
export interface Consumer {
  readonly name: string;
  /** Whether it has to hear an event. */
  readonly hears: (event: Event) => boolean;
  /** By id, in the order in which they came. */
  readonly heard: ReadonlyMap<string, readonly Event[]>;
  /** What it was told to have missed, and what ended the stream. */
  readonly gaps: readonly string[];
}

/** All that is known of a run once it is over, from every side. */
export interface Evidence {
  /** What the clients know. */
  readonly submissions: readonly Submission[];
  /** What the orchestrators list: number of the submission and id of each task that exists. */
  readonly listed: readonly { readonly n: number; readonly id: string }[];
  /** The records, by id. */
  readonly tasks: ReadonlyMap<string, Task>;
  /** The workflows. */
  readonly flows: readonly SeenFlow[];
  /** The histories as they are kept, of tasks and runs, by id. */
  readonly histories: ReadonlyMap<string, readonly Event[]>;
  /** All who followed events; the first one all of them. */
  readonly consumers: readonly Consumer[];
  /** What the agents noted down. */
  readonly executions: readonly Execution[];
  /** What the swarms noted of messages to each other. */
  readonly mail: readonly MailLine[];
  /** What those heard who watched single tasks. */
  readonly watched: readonly Watched[];
  /** What is missing in the store of payloads, or still there after a sweep; each in words. */
  readonly payloads: readonly string[];
  /** What is still taken although nothing runs any more; each in words. */
  readonly remains: readonly string[];
  /** What a deep check found that does not agree with the records; each in words. */
  readonly differences: readonly string[];
  /** Programs that were told to end and did not do so in order; each in words. */
  readonly disorders: readonly string[];
  /** Until then nothing was killed, frozen or cut off: programs were told to end, and started again. */
  readonly gentleUntil: number;
}

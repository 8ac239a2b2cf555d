import { hash } from 'node:crypto';
import type { Sizes } from './sizes';

/** A line of messages that one sender writes one after the other: each when the one before was accepted. */
export interface Lane {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly qos: 'at-least-once' | 'exactly-once';
  readonly priority: 'critical' | 'high' | 'normal' | 'low';
}

/**
 * What becomes of a message at its recipient. `poison` and `hopeless` ones fail until the recipient is healed, the first at once and for
 * good, the others with every try; `flaky` ones with their first; `late` ones expire before anybody takes them.
 */
export const LOTS = ['fine', 'flaky', 'poison', 'hopeless', 'late'] as const;
export type Lot = (typeof LOTS)[number];

export interface Letter {
  readonly id: string;
  readonly bytes: number;
  readonly lot: Lot;
  readonly conversation: string;
}

export const SENDERS = ['sender-1', 'sender-2'] as const;
/** Processes by the swarm that they are: one of two, which share its mailbox, and one alone. */
export const RECIPIENTS = { alpha: ['alpha-1', 'alpha-2'], beta: ['beta-1'] } as const;

const LANES_OF_SENDER = [
  { to: 'alpha', qos: 'at-least-once', priority: 'normal' },
  { to: 'alpha', qos: 'at-least-once', priority: 'high' },
  { to: 'alpha', qos: 'exactly-once', priority: 'normal' },
  { to: 'beta', qos: 'at-least-once', priority: 'low' },
  { to: 'beta', qos: 'exactly-once', priority: 'critical' },
  { to: 'beta', qos: 'exactly-once', priority: 'low' },
] as const;

export const LANES: readonly Lane[] = SENDERS.flatMap((from) =>
  LANES_OF_SENDER.map((lane, at) => ({ ...lane, from, name: `${from}-${at}` })),
);

/** Of a thousand messages, so many. */
const SHARES: readonly (readonly [Lot, number])[] = [
  ['flaky', 10],
  ['poison', 4],
  ['hopeless', 2],
  ['late', 4],
];

/** The n-th message of a lane: the same for the same seed, whichever process sends it. */
export function letterOf(seed: number, lane: Lane, n: number, sizes: Sizes): Letter {
  const digest = hash('sha256', `${seed} ${lane.name} ${n}`);
  const share = (from: number): number => parseInt(digest.slice(from, from + 8), 16) / 2 ** 32;
  const conversation = lane.qos === 'exactly-once' ? conversationOf(lane) : lane.name;
  return { id: `m-${digest.slice(0, 32)}`, bytes: sizes.at(share(32)), lot: lotAt(share(40)), conversation };
}

/** The conversation whose state is kept: that of all lanes from one swarm to another, whatever their priorities, for the whole run. */
export function conversationOf({ from, to }: Lane): string {
  return `${from}-to-${to}`;
}

function lotAt(share: number): Lot {
  let until = 0;
  for (const [lot, perThousand] of SHARES) {
    until += perThousand / 1_000;
    if (share < until) return lot;
  }
  return 'fine';
}

/** The text of a message, by which its recipient knows that it came as it was sent. */
export function textOf(id: string, bytes: number): string {
  return id.repeat(Math.ceil(bytes / id.length)).slice(0, bytes);
}

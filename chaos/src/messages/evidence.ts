import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastOfEach, storedAt, type Bus } from '@multiswarm/bus';
import {
  addressOf,
  DEFAULT_DOMAIN,
  streams,
  subjects,
  type DeadMail,
  type MailboxInfo,
} from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { z } from 'zod';
import { COMMUNICATORS } from '../system/settings';
import { deadMessages, mailboxes } from './ask';
import { readBooks, type BookLine } from './book';
import { conversationOf, LANES, letterOf, type Lane } from './letters';
import { numbersOf, Seen } from './seen';
import type { Sizes } from './sizes';
import type { MailSystem } from './system';

const ANSWER_MS = 5_000;
const OWNERS_MS = 60_000;
/** What a communicator logs. */
const BURIED = 'a message is a dead letter';

/** How full a mailbox is. */
export interface Fill {
  readonly mailbox: string;
  readonly depth: number;
  readonly bytes: number;
}

/** All that is known of the messages of a run at one moment. */
export interface MailEvidence {
  readonly lines: readonly BookLine[];
  /** By lane: what is in the states of its conversations, in their order. */
  readonly states: ReadonlyMap<string, readonly number[]>;
  readonly dead: readonly DeadMail[];
  /** What the communicators count. */
  readonly told: { readonly mailboxes: readonly Fill[]; readonly dead: number };
  /** What the streams have. */
  readonly counted: {
    readonly mailboxes: readonly Fill[];
    readonly dead: number;
    readonly idleNotes: number;
  };
  /** Ids of messages of which a communicator has said that they are dead letters. */
  readonly buried: readonly string[];
}

export async function gatherMail(system: MailSystem, bus: Bus): Promise<MailEvidence> {
  const { items, total } = await deadMessages(system.urls);
  const fills = (await ownedMailboxes(system)).map(({ mailbox, depth, bytes }: MailboxInfo) => ({
    mailbox,
    depth,
    bytes,
  }));
  return {
    lines: readBooks(system.records),
    states: await states(bus),
    dead: items,
    told: { mailboxes: fills.filter(({ depth }) => depth > 0), dead: total },
    counted: {
      mailboxes: await recount(bus),
      dead: (await stateOf(bus, streams.deadMail)).messages,
      idleNotes: await idleNotes(bus),
    },
    buried: COMMUNICATORS.flatMap((name) =>
      buriedIn(readFileSync(join(system.directory, `${name}.log`), 'utf8')),
    ),
  };
}

/** Owners may just be changing. */
function ownedMailboxes({ urls }: MailSystem): Promise<MailboxInfo[]> {
  return eventually(() => mailboxes(urls), { timeoutMs: OWNERS_MS, describe: 'owners of all mailboxes' });
}

const Kept = z.object({ state: Seen });

async function states(bus: Bus): Promise<Map<string, number[]>> {
  const all = subjects.allConversations(DEFAULT_DOMAIN);
  const kept = await lastOfEach(bus.connection, streams.conversations, all);
  const bySubject = new Map(kept.map(({ subject, text }) => [subject, Kept.parse(JSON.parse(text)).state]));
  return new Map(
    LANES.filter(({ qos }) => qos === 'exactly-once').map((lane) => {
      const seen = bySubject.get(subjectOf(lane)) ?? {};
      return [lane.name, numbersOf(seen, lane.name)];
    }),
  );
}

function subjectOf(lane: Lane): string {
  const token = createHash('sha256').update(conversationOf(lane)).digest('base64url');
  return subjects.conversation(DEFAULT_DOMAIN, 'default', lane.to, token);
}

/** What is in the stream of mailboxes, message by message. */
async function recount(bus: Bus): Promise<Fill[]> {
  const { messages, first_seq: first, last_seq: last } = await stateOf(bus, streams.mailbox);
  const fills = new Map<string, Fill>();
  for (let seq = first; messages > 0 && seq <= last; seq += 1) {
    const stored = await storedAt(bus.connection, streams.mailbox, seq);
    const mailbox = stored && addressOf(stored.subject)?.to;
    if (stored === undefined || mailbox === undefined) continue;
    const { depth, bytes } = fills.get(mailbox) ?? { depth: 0, bytes: 0 };
    fills.set(mailbox, { mailbox, depth: depth + 1, bytes: bytes + stored.bytes });
  }
  return [...fills.values()].sort((a, b) => (a.mailbox < b.mailbox ? -1 : 1));
}

const Info = z.object({
  state: z.object({ messages: z.number(), first_seq: z.number(), last_seq: z.number() }),
});

/** As the server of the stream has it. */
export async function stateOf({ connection }: Bus, stream: string): Promise<z.infer<typeof Info>['state']> {
  const answer = await connection.request(`$JS.API.STREAM.INFO.${stream}`, '', { timeout: ANSWER_MS });
  return Info.parse(answer.json()).state;
}

/** Notes on messages that are not in their mailbox any more. */
async function idleNotes(bus: Bus): Promise<number> {
  let idle = 0;
  const all = subjects.allMailNotes(DEFAULT_DOMAIN);
  for (const { subject } of await lastOfEach(bus.connection, streams.mailNotes, all)) {
    const seq = Number(subject.slice(subject.lastIndexOf('.') + 1));
    if ((await storedAt(bus.connection, streams.mailbox, seq)) === undefined) idle += 1;
  }
  return idle;
}

const Logged = z.object({ message: z.literal(BURIED), messageId: z.string() });

function buriedIn(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => line.includes(BURIED))
    .flatMap((line) => {
      const parsed = Logged.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data.messageId] : [];
    });
}

/** The lane and number of each message that was begun, by its id. */
export function lettersById(
  seed: number,
  sizes: Sizes,
  lines: readonly BookLine[],
): Map<string, { lane: Lane; n: number }> {
  const lanes = new Map(LANES.map((lane) => [lane.name, lane]));
  const found = new Map<string, { lane: Lane; n: number }>();
  for (const { kind, lane: name, n } of lines) {
    const lane = lanes.get(name);
    if (kind === 'begun' && lane !== undefined) found.set(letterOf(seed, lane, n, sizes).id, { lane, n });
  }
  return found;
}

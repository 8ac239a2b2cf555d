import type { DeadMail, MailCause } from '@multiswarm/contracts';
import type { BookLine } from './book';
import { lettersById, type MailEvidence } from './evidence';
import { LANES, letterOf, type Lane, type Lot } from './letters';
import type { Sizes } from './sizes';

export interface BrokenPromise {
  readonly promise: keyof typeof PROMISES;
  readonly detail: string;
}

/** What has to hold, in the words of the report. */
export const PROMISES = {
  'nothing-lost': 'what was accepted was handled, or is a dead letter',
  'nothing-invented': 'what was handled was sent, and came as it was sent',
  'one-effect': 'what was sent exactly once is in the state of its conversation once at most',
  'in-order': 'messages of a lane were handled in the order in which they were sent',
  'given-up':
    'dead letters are those that had to die, or whose tries were used up by faults, with their causes',
  'dead-letters-kept': 'what a communicator has given up is among the dead letters',
  'counts-agree': 'mailboxes, dead letters and metrics are counted as streams and books have them',
  'never-refused': 'no sender was told anything but that it has to wait',
} as const;

export interface CheckOptions {
  readonly seed: number;
  readonly sizes: Sizes;
  /** Everything dead was sent again to recipients for whom nothing fails: only the order of it is another one. */
  readonly redriven: boolean;
}

/** Everything has been handled: mailboxes are empty. */
export function checkMail(evidence: MailEvidence, options: CheckOptions): BrokenPromise[] {
  const account = new Account(evidence, options);
  return [
    ...account.lost(),
    ...account.invented(),
    ...account.twice(),
    ...(options.redriven ? [] : account.disordered()),
    ...account.wronglyGivenUp(),
    ...account.unburied(),
    ...countsAgree(evidence, options.redriven),
    ...refusals(evidence.lines),
  ];
}

/**
 * Counters against a recount, at any moment at which nothing is on its way.
 * @param takenOver mailboxes have other owners than under the last faults: nothing is left of what the ones before could not take away
 */
export function countsAgree({ told, counted }: MailEvidence, takenOver: boolean): BrokenPromise[] {
  const pairs: [what: string, told: unknown, counted: unknown][] = [
    ['mailboxes', told.mailboxes, counted.mailboxes],
    ['dead letters', told.dead, counted.dead],
    ['notes on messages that are gone', 0, takenOver ? counted.idleNotes : 0],
  ];
  return pairs.flatMap(([what, says, has]) => unequal(what, says, has));
}

function unequal(what: string, says: unknown, has: unknown): BrokenPromise[] {
  const [a, b] = [JSON.stringify(says), JSON.stringify(has)];
  return a === b ? [] : [{ promise: 'counts-agree', detail: `${what}: told ${a}, counted ${b}` }];
}

function refusals(lines: readonly BookLine[]): BrokenPromise[] {
  const senders = lines.filter(({ kind, why }) => kind === 'refused' && why !== INTACT);
  return senders.map(({ lane, n, why }) => ({
    promise: 'never-refused',
    detail: `${lane} ${n}: ${why ?? ''}`,
  }));
}

const INTACT = 'it is not what was sent';

const CAUSE_OF: Partial<Record<Lot, MailCause>> = {
  poison: 'poison',
  hopeless: 'handler-failed',
  late: 'expired',
};
/** Faults use up tries: whoever has a message is killed, or cannot say that he is done. */
const BY_FAULTS: ReadonlySet<MailCause> = new Set<MailCause>(['recipient-lost', 'not-acknowledged']);

/** Tries were used up by faults, and when it was sent again nobody could know whether it had had its effect. */
export function isUnsure({ redriven, message }: DeadMail): boolean {
  return redriven?.unsure !== undefined && message.startsWith('whether it has had its effect is not known');
}

/** What was counted of messages: in all, or from one swarm to another. */
export interface Tally {
  readonly delivered: number;
  readonly bytes: number;
  readonly failedTries: number;
  readonly dead: number;
}

/** Counters of all communicators together, and those of each link, against what recipients have noted down. */
export function talliesAgree(
  told: { metrics: Tally; links: ReadonlyMap<string, Tally> },
  counted: ReadonlyMap<string, Tally>,
): BrokenPromise[] {
  const sum = (of: keyof Tally): number => [...counted.values()].reduce((all, each) => all + each[of], 0);
  const all = {
    ...{ delivered: sum('delivered'), bytes: sum('bytes') },
    ...{ failedTries: sum('failedTries'), dead: sum('dead') },
  };
  const pairs: [what: string, told: unknown, counted: unknown][] = [['metrics', told.metrics, all]];
  for (const [link, tally] of counted) pairs.push([`the link ${link}`, told.links.get(link), tally]);
  return pairs.flatMap(([what, says, has]) => unequal(what, says, has));
}

class Account {
  private readonly begun = new Map<string, Set<number>>();
  private readonly accepted = new Map<string, Set<number>>();
  private readonly done = new Map<string, number[]>();
  private readonly dead = new Map<string, Set<number>>();
  private readonly byId: Map<string, { lane: Lane; n: number }>;

  constructor(
    private readonly evidence: MailEvidence,
    private readonly options: CheckOptions,
  ) {
    this.byId = lettersById(options.seed, options.sizes, evidence.lines);
    for (const { kind, lane, n } of evidence.lines) {
      if (kind === 'begun') added(this.begun, lane, n);
      if (kind === 'accepted') added(this.accepted, lane, n);
      if (kind === 'done') this.noteDone(lane, n);
    }
    for (const mail of evidence.dead) {
      const letter = this.letterOf(mail);
      if (letter !== undefined) added(this.dead, letter.lane.name, letter.n);
    }
  }

  private noteDone(lane: string, n: number): void {
    const before = this.done.get(lane);
    if (before === undefined) this.done.set(lane, [n]);
    else before.push(n);
  }

  lost(): BrokenPromise[] {
    return LANES.flatMap((lane) => {
      const kept = new Set(this.handled(lane));
      const missing = [...(this.accepted.get(lane.name) ?? [])].filter(
        (n) => !kept.has(n) && this.dead.get(lane.name)?.has(n) !== true,
      );
      return missing.map((n) => ({
        promise: 'nothing-lost' as const,
        detail: this.told(lane, n, 'is nowhere'),
      }));
    });
  }

  invented(): BrokenPromise[] {
    const strange = LANES.flatMap((lane) =>
      this.handled(lane)
        .filter((n) => this.begun.get(lane.name)?.has(n) !== true)
        .map((n) => this.told(lane, n, 'was handled and never sent')),
    );
    const damaged = this.evidence.lines
      .filter(({ kind, why }) => kind === 'refused' && why === INTACT)
      .map(({ lane, n }) => `${lane} ${n} did not come as it was sent`);
    return [...strange, ...damaged].map((detail) => ({ promise: 'nothing-invented', detail }));
  }

  twice(): BrokenPromise[] {
    return LANES.flatMap((lane) => {
      const seen = new Set<number>();
      const doubles = (this.evidence.states.get(lane.name) ?? []).filter(
        (n) => seen.size === seen.add(n).size,
      );
      return doubles.map((n) => ({
        promise: 'one-effect' as const,
        detail: this.told(lane, n, 'is in its state twice'),
      }));
    });
  }

  /** What comes again came before: the first time counts. */
  disordered(): BrokenPromise[] {
    return LANES.flatMap((lane) => {
      const firsts = [...new Set(this.handled(lane))];
      const early = firsts.flatMap((n, at) =>
        at > 0 && n < (firsts[at - 1] ?? 0) ? [{ n, before: firsts[at - 1] ?? 0 }] : [],
      );
      return early.map(({ n, before }) => ({
        promise: 'in-order' as const,
        detail: this.told(lane, n, `was handled after ${before}`),
      }));
    });
  }

  wronglyGivenUp(): BrokenPromise[] {
    const dead = this.evidence.dead.flatMap((mail) => {
      const letter = this.letterOf(mail);
      if (letter === undefined) return [`a dead letter ${mail.id} that nobody has sent: ${mail.cause}`];
      const { lot } = this.letter(letter.lane, letter.n);
      const isDue = mail.cause === CAUSE_OF[lot] || BY_FAULTS.has(mail.cause) || isUnsure(mail);
      return isDue
        ? []
        : [this.told(letter.lane, letter.n, `(${lot}) was given up: ${mail.cause}, ${mail.message}`)];
    });
    const alive = this.options.redriven ? [] : LANES.flatMap((lane) => this.immortal(lane));
    return [...dead, ...alive].map((detail) => ({ promise: 'given-up', detail }));
  }

  /** What had to die, and was handled. */
  private immortal(lane: Lane): string[] {
    return [...new Set(this.handled(lane))]
      .filter((n) => CAUSE_OF[this.letter(lane, n).lot] !== undefined)
      .map((n) => this.told(lane, n, `(${this.letter(lane, n).lot}) was handled`));
  }

  unburied(): BrokenPromise[] {
    if (this.options.redriven) return [];
    const kept = new Set(this.evidence.dead.map(({ id }) => id));
    return this.evidence.buried
      .filter((id) => !kept.has(id))
      .map((id) => ({ promise: 'dead-letters-kept', detail: `${id} was given up, and is no dead letter` }));
  }

  private handled({ name, qos }: Lane): readonly number[] {
    return (qos === 'exactly-once' ? this.evidence.states.get(name) : this.done.get(name)) ?? [];
  }

  private letterOf({ id, redriven }: DeadMail): { lane: Lane; n: number } | undefined {
    return this.byId.get(id) ?? this.byId.get(redriven?.first ?? redriven?.of ?? '');
  }

  private letter(lane: Lane, n: number): ReturnType<typeof letterOf> {
    return letterOf(this.options.seed, lane, n, this.options.sizes);
  }

  private told({ name, from, to, qos }: Lane, n: number, what: string): string {
    const lane = LANES.find((each) => each.name === name);
    const id = lane === undefined ? '' : this.letter(lane, n).id;
    return `${name} ${n} (${id}, ${qos} from ${from} to ${to}) ${what}`;
  }
}

function added(sets: Map<string, Set<number>>, key: string, n: number): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(n));
}

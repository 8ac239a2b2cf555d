import { setTimeout as delay } from 'node:timers/promises';
import { connectBus, type Bus } from '@multiswarm/bus';
import { streams } from '@multiswarm/contracts';
import { randomInteger, seededRandom } from '@multiswarm/core';
import { eventually } from '@multiswarm/testing';
import type { Fault, Step } from '../faults/plan';
import type { Program } from '../system/program';
import { COMMUNICATORS } from '../system/settings';
import { deadMessages, mailboxes, redrive, send, sentCount, talliedByLinks, talliedByMetrics } from './ask';
import { readBooks } from './book';
import { checkMail, countsAgree, isUnsure, talliesAgree, type BrokenPromise, type Tally } from './check';
import { gatherMail, stateOf, type MailEvidence } from './evidence';
import { injectMailFaults } from './faults';
import { RECIPIENTS, SENDERS, type Lot } from './letters';
import { mailReport, type MailReport } from './report';
import { readSizes, type Sizes } from './sizes';
import { startMailSystem, type MailSystem } from './system';
import { say } from './word';

export interface MailRunOptions {
  readonly seed: number;
  /** Where the sizes of messages are. */
  readonly sizes: string;
  /** Pause of a lane between two messages. */
  readonly everyMs: number;
  readonly plan: Iterable<Step>;
  /** No fault is begun after this long. */
  readonly faultsForMs: number;
  /** How often the communicator that sends dead letters again is killed while it does so. */
  readonly redriveKills: number;
  /** Keeps logs and records although all holds. */
  readonly keep: boolean;
}

const QUIET_MS = 60_000;
const DRAINED_MS = 180_000;
/** Messages that wait while they are counted. */
const BACKLOG = 40;
/** One of so many of these is refused by its recipient. */
const BACKLOG_POISON = 7;
const NOTHING: Tally = { delivered: 0, bytes: 0, failedTries: 0, dead: 0 };
const REDRIVEN_AT_ONCE = 50;
const REDRIVE_ROUNDS = 1_000;
const REDRIVE_RUNS_MS = 40;

/** One run, from an empty machine to the report; everything is stopped then. */
export async function runMailChaos(
  options: MailRunOptions,
  progress: (line: string) => void,
): Promise<MailReport> {
  const sizes = await readSizes(options.sizes);
  const system = await startMailSystem(options);
  let keep = true;
  try {
    const bus = await connectBus({ servers: system.nats.url, name: 'chaos', closeGraceMs: 100 });
    try {
      const report = await new MailRun(options, sizes, system, bus, progress).run();
      keep = options.keep || report.broken.length > 0;
      return keep ? { ...report, directory: system.directory } : report;
    } finally {
      await bus.close();
    }
  } finally {
    if (keep) progress(`logs and records are in ${system.directory}`);
    await system.stop({ keep });
  }
}

class MailRun {
  private readonly broken: BrokenPromise[] = [];

  constructor(
    private readonly options: MailRunOptions,
    private readonly sizes: Sizes,
    private readonly system: MailSystem,
    private readonly bus: Bus,
    private readonly progress: (line: string) => void,
  ) {}

  async run(): Promise<MailReport> {
    const faults = await this.underFaults();
    const before = await this.checked(false);
    await this.countBacklog();
    await this.countDeliveries();
    const kills = await this.redriveAll();
    const after = await this.checked(true);
    const { seed } = this.options;
    return mailReport({ seed, faults, before, after, kills, broken: this.broken, sizes: this.sizes });
  }

  private async underFaults(): Promise<Fault[]> {
    const { seed, plan, faultsForMs: forMs } = this.options;
    const faults = await injectMailFaults(this.system, { seed, plan, forMs }, this.progress);
    say(this.system.records, 'quiet');
    await eventually(() => SENDERS.every((name) => this.system.programs.get(name)?.said.includes('quiet')), {
      timeoutMs: QUIET_MS,
      describe: 'senders falling silent',
    });
    await this.drained();
    return faults;
  }

  /** Every mailbox is empty. */
  private async drained(): Promise<void> {
    this.progress('what is under way is handled');
    const isEmpty = async (): Promise<boolean> =>
      (await stateOf(this.bus, streams.mailbox)).messages === 0 &&
      (await mailboxes(this.system.urls)).every(({ depth }) => depth === 0);
    await eventually(isEmpty, { timeoutMs: DRAINED_MS, describe: 'mailboxes running empty' });
  }

  private async checked(redriven: boolean): Promise<MailEvidence> {
    this.progress('everything is compared');
    const evidence = await gatherMail(this.system, this.bus);
    this.broken.push(...checkMail(evidence, { seed: this.options.seed, sizes: this.sizes, redriven }));
    return evidence;
  }

  /** Messages that nobody takes: what communicators count of them, also those that have to read them first. */
  private async countBacklog(): Promise<void> {
    await Promise.all(this.programs(Object.values(RECIPIENTS).flat()).map((program) => program.stop()));
    const { urls } = this.system;
    const countBefore = await Promise.all(urls.map(sentCount));
    for (let n = 0; n < BACKLOG; n += 1) await send(urls[n % urls.length] ?? '', backlogMessage(n));
    const sent = (await Promise.all(urls.map(sentCount))).map((count, at) => count - (countBefore[at] ?? 0));
    if (sent.some((count) => count !== BACKLOG / urls.length))
      this.broken.push({
        promise: 'counts-agree',
        detail: `of ${BACKLOG} messages metrics count ${sent.join(' and ')}`,
      });
    await this.each(COMMUNICATORS, (program) => program.kill());
    await this.each(COMMUNICATORS, (program) => {
      program.start();
    });
    await this.each(COMMUNICATORS, (program) => program.ready());
    this.broken.push(...countsAgree(await gatherMail(this.system, this.bus), true));
  }

  /** What recipients make of the backlog, some of which they refuse: what communicators count of that, in all and link by link. */
  private async countDeliveries(): Promise<void> {
    const { urls, records } = this.system;
    const before = await eventually(
      async () => {
        const told = await talliedByLinks(urls);
        return told.unanswered === 0 ? told : undefined;
      },
      { timeoutMs: QUIET_MS, describe: 'owners of all mailboxes' },
    );
    const metricsBefore = await talliedByMetrics(urls);
    const recipients = Object.values(RECIPIENTS).flat();
    await this.each(recipients, (program) => {
      program.start();
    });
    await this.each(recipients, (program) => program.ready());
    await this.drained();
    const links = await talliedByLinks(urls);
    const metrics = minus(await talliedByMetrics(urls), metricsBefore);
    const done = new Set(
      readBooks(records).flatMap(({ kind, lane, n }) => (kind === 'done' && lane === 'backlog' ? [n] : [])),
    );
    const counted = backlogTallies(done);
    if (links.since === before.since)
      this.broken.push(...talliesAgree({ metrics, links: links.links }, counted));
    else {
      this.progress('mailboxes have other owners: links begin anew, and are not compared');
      this.broken.push(...talliesAgree({ metrics, links: counted }, counted));
    }
  }

  /** To recipients that can handle everything now, by communicators that are killed while they do it. @returns how often */
  private async redriveAll(): Promise<number> {
    say(this.system.records, 'healed');
    this.progress('dead letters are sent again');
    const random = seededRandom(this.options.seed);
    let kills = 0;
    for (let round = 0; round < REDRIVE_ROUNDS; round += 1) {
      const at = round % COMMUNICATORS.length;
      const url = this.system.urls[at] ?? '';
      const asked = redrive(url, REDRIVEN_AT_ONCE).catch(() => undefined); // killed under it
      if (kills < this.options.redriveKills) {
        await delay(randomInteger(random, REDRIVE_RUNS_MS));
        const program = this.system.programs.get(COMMUNICATORS[at] ?? '');
        await program?.kill();
        await asked;
        program?.start();
        await program?.ready();
        kills += 1;
      } else {
        const done = await asked;
        if (done?.next === null && done.refused === 0 && done.done === 0) break;
        await this.drained();
        // Of these nobody knows whether they had their effect, however often they are sent again.
        const { items } = await deadMessages(this.system.urls);
        if (items.length > 0 && items.every(isUnsure)) break;
      }
    }
    await this.drained();
    return kills;
  }

  private async each(
    names: readonly string[],
    work: (program: Program) => Promise<unknown> | void,
  ): Promise<void> {
    for (const program of this.programs(names)) await work(program);
  }

  private programs(names: readonly string[]): Program[] {
    return names.flatMap((name) => this.system.programs.get(name) ?? []);
  }
}

/** To both swarms, of a lane that is none of the plan; some are refused. */
function backlogMessage(
  n: number,
): Record<'from' | 'to' | 'kind' | 'qos' | 'conversation', string> & { data: object } {
  const to = Object.keys(RECIPIENTS)[n % 2] ?? '';
  const lot: Lot = n % BACKLOG_POISON === 0 ? 'poison' : 'fine';
  const data = { lane: 'backlog', n, lot, text: 'x'.repeat(n * 10) };
  return { from: 'operator', to, kind: 'at-least-once', qos: 'at-least-once', conversation: 'backlog', data };
}

/** By link: what has to be counted where these were handled, and the others given up with their first try. */
function backlogTallies(done: ReadonlySet<number>): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (let n = 0; n < BACKLOG; n += 1) {
    const { from, to, data } = backlogMessage(n);
    const link = `${from} to ${to}`;
    const { delivered, bytes, failedTries, dead } = tallies.get(link) ?? NOTHING;
    const size = JSON.stringify(data).length;
    tallies.set(
      link,
      done.has(n)
        ? { delivered: delivered + 1, bytes: bytes + size, failedTries, dead }
        : { delivered, bytes, failedTries: failedTries + 1, dead: dead + 1 },
    );
  }
  return tallies;
}

function minus(a: Tally, b: Tally): Tally {
  return {
    ...{ delivered: a.delivered - b.delivered, bytes: a.bytes - b.bytes },
    ...{ failedTries: a.failedTries - b.failedTries, dead: a.dead - b.dead },
  };
}

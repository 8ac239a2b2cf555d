import { subjects } from '@multiswarm/contracts';
import type { Msg, NatsConnection } from '@nats-io/transport-node';

/** The stations of one lone task on the wire, as one clock sees them, in their order. */
const STATIONS: readonly { name: string; at: (subject: string) => boolean; reply?: boolean }[] = [
  { name: 'submit', at: (subject) => subject === subjects.task('submit') },
  { name: 'submit answered', at: (subject) => subject === subjects.task('submit'), reply: true },
  { name: 'place', at: (subject) => subject === subjects.lbPlace() },
  { name: 'place answered', at: (subject) => subject === subjects.lbPlace(), reply: true },
  { name: 'dispatch', at: (subject) => TO_SWARM.test(subject) },
  { name: 'report', at: (subject) => REPORT.test(subject) },
  { name: 'report answered', at: (subject) => REPORT.test(subject), reply: true },
];
const TO_SWARM = new RegExp(`^${pattern(subjects.swarmTasks('*'))}$`);
const REPORT = new RegExp(`^(${pattern(subjects.replicaReport('*'))}|${pattern(subjects.shardReport(0))})$`);

/** From one station to the next, in milliseconds. */
const LEGS: readonly { name: string; from: string; to: string }[] = [
  { name: 'client to the wire', from: 'begin', to: 'submit' },
  { name: 'submit to its answer (committed)', from: 'submit', to: 'submit answered' },
  { name: 'submit to asking for a place', from: 'submit', to: 'place' },
  { name: 'place to its answer', from: 'place', to: 'place answered' },
  { name: 'placed to dispatch (committed)', from: 'place answered', to: 'dispatch' },
  { name: 'dispatch to report (swarm)', from: 'dispatch', to: 'report' },
  { name: 'report to its answer (committed)', from: 'report', to: 'report answered' },
  { name: 'report to result known by the client', from: 'report', to: 'known' },
  { name: 'begin to result known by the client', from: 'begin', to: 'known' },
];
export const HOPS = LEGS.map(({ name }) => name);

/**
 * Listens to everything on the wire and notes when the messages of one task passed. One task at a time: whatever passes
 * belongs to it, so no message needs to be read.
 */
export class Hops {
  private startedAt = 0;
  private seen = new Map<string, number>();
  /** Inboxes from which answers are expected, with the station that the answer is. */
  private answers = new Map<string, string>();

  constructor(tap: NatsConnection) {
    tap.subscribe('>', { callback: (error, message) => void (error ?? this.see(message)) });
  }

  begin(): number {
    this.seen = new Map();
    this.answers = new Map();
    this.startedAt = performance.now();
    return this.startedAt;
  }

  /** The milliseconds of each leg whose ends were both seen. */
  end(knownMs: number): Record<string, number> {
    const at = new Map([...this.seen, ['begin', 0], ['known', knownMs]] as [string, number][]);
    return Object.fromEntries(
      LEGS.flatMap(({ name, from, to }) => {
        const [start, stop] = [at.get(from), at.get(to)];
        return start === undefined || stop === undefined ? [] : [[name, stop - start]];
      }),
    );
  }

  private see({ subject, reply }: Msg): void {
    const answered = this.answers.get(subject);
    if (answered !== undefined) this.note(answered);
    for (const station of STATIONS) {
      if (!station.at(subject)) continue;
      if (!station.reply) this.note(station.name);
      else if (reply) this.answers.set(reply, station.name);
    }
  }

  /** The first time counts: a repetition is of the next thing. */
  private note(station: string): void {
    if (!this.seen.has(station)) this.seen.set(station, performance.now() - this.startedAt);
  }
}

function pattern(subject: string): string {
  return subject.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace(/\b0\b/, '\\d+');
}

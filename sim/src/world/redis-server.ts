import { MultiswarmError } from '@multiswarm/contracts';
import type { Random } from '@multiswarm/core';
import { CENTRE, type Geography } from './geography';
import type { SimProcess } from './process';
import { between, chance } from './seeds';
import type { Timeline } from './timeline';

/** What Redis may do to its clients. Shares are from 0 to 1. */
export interface StoreWeather {
  /** Calls that are applied, and whose answer is lost. */
  answerLostShare: number;
  slowShare: number;
  slowMs: number;
}

export const CALM_STORE: StoreWeather = { answerLostShare: 0, slowShare: 0, slowMs: 0 };

const USUAL_MS = { from: 0.1, to: 0.8 };
/** Between two calls of one client: events of the same time would be in any order. */
const IN_ORDER_MS = 0.001;
/** Until a client gives up on an answer; the connection is reported as lost then. */
const GIVEN_UP_AFTER_MS = { from: 5, to: 1_000 };

/**
 * Redis, as far as clients can tell: one after the other each call is applied whole, some time after it was sent, and the
 * answer takes time too. Calls of one client are applied, and answered, in the order in which they were sent, because each
 * has one connection; none is applied twice.
 */
export class RedisServer {
  weather: StoreWeather = CALM_STORE;
  down = false;
  private readonly lastArrival = new WeakMap<SimProcess, number>();
  private readonly lastAnswer = new WeakMap<SimProcess, number>();

  constructor(
    private readonly timeline: Timeline,
    private readonly geography: Geography,
    private readonly random: Random,
  ) {}

  /** Epoch milliseconds of the clock of Redis, the only one that leases are measured by. */
  get now(): number {
    return Math.floor(this.timeline.now);
  }

  /** @throws MultiswarmError `store-unavailable`; whether `apply` was reached is not known then */
  call<T>(process: SimProcess, label: string, apply: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      process.sends(label, () => {
        const after = (this.lastArrival.get(process) ?? 0) + IN_ORDER_MS;
        const arrival = Math.max(this.timeline.now + this.delay(), after);
        this.lastArrival.set(process, arrival);
        // Not an event of the process: what has left it is applied although it dies.
        this.timeline.at(arrival, undefined, `redis ${label} of ${process.name}`, () => {
          this.arrived(process, label, apply, resolve, reject);
        });
      });
    });
  }

  private arrived<T>(
    process: SimProcess,
    label: string,
    apply: () => T,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): void {
    const reached = !this.down && this.reaches(process);
    let answer: () => void;
    let lost = !reached;
    if (reached) {
      lost = chance(this.random, this.weather.answerLostShare);
      answer = this.applied(apply, resolve, reject);
    } else answer = () => undefined;
    const takes = lost ? between(this.random, GIVEN_UP_AFTER_MS.from, GIVEN_UP_AFTER_MS.to) : this.delay();
    const at = Math.max(this.timeline.now + takes, (this.lastAnswer.get(process) ?? 0) + IN_ORDER_MS);
    this.lastAnswer.set(process, at);
    this.timeline.at(at, process, `${lost ? 'lost' : 're'} ${label}`, () => {
      if (lost) reject(new MultiswarmError('store-unavailable', 'Redis does not answer'));
      else answer();
    });
  }

  private applied<T>(
    apply: () => T,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): () => void {
    try {
      const value = apply();
      return () => resolve(value);
    } catch (error) {
      return () => reject(error);
    }
  }

  private reaches(process: SimProcess): boolean {
    return this.geography.way(process.site, CENTRE) === 'open';
  }

  private delay(): number {
    const usual = between(this.random, USUAL_MS.from, USUAL_MS.to);
    return chance(this.random, this.weather.slowShare)
      ? usual + between(this.random, 0, this.weather.slowMs)
      : usual;
  }
}

/** What one balancer gives a host: nothing, less than its slots hold, or all of it. */
export type Standing = 'out' | 'less' | 'whole';

/** Hosts that fall into trouble at one time and come out of it at another. */
export interface Drill {
  fromS: number;
  toS: number;
  /** By host, what its trouble is; those that are no worse than all others have none. */
  troubles: ReadonlyMap<number, string>;
}

/** Of one kind of trouble, over all of its hosts as each replica judges them. */
export interface Spell {
  trouble: string;
  /** Share of them that got nothing at some time. */
  foundShare: number;
  /** From the beginning of the trouble until a host gets nothing, seconds. */
  outS: Summary;
  /** From the end of the trouble until it gets all again, for good, seconds. */
  backS: Summary;
}

/** NaN where there is nothing to sum up. */
export interface Summary {
  median: number;
  worst: number;
}

export interface DrillResult {
  spells: Spell[];
  /** Hosts without a trouble that any replica has given nothing at any time. */
  wronglyOut: number;
}

/** One host as one replica sees it. */
class Seen {
  outS = NaN;
  wholeSinceS = NaN;
  isWrong = false;
}

/** Watches when balancers take hosts out, and back. Precise to the interval of the hosts' reports. */
export class DrillWatch {
  /** By host, then replica. */
  private readonly seen: Seen[][];

  constructor(
    private readonly drill: Drill,
    hosts: number,
    replicas: number,
  ) {
    this.seen = Array.from({ length: hosts }, () => Array.from({ length: replicas }, () => new Seen()));
  }

  note(host: number, replica: number, standing: Standing, nowS: number): void {
    const { fromS, toS, troubles } = this.drill;
    const seen = this.seen[host]?.[replica];
    if (seen === undefined) return;
    if (standing === 'out') {
      if (!troubles.has(host)) seen.isWrong = true;
      else if (nowS >= fromS && Number.isNaN(seen.outS)) seen.outS = nowS - fromS;
    }
    if (nowS < toS) return;
    if (standing !== 'whole') seen.wholeSinceS = NaN;
    else if (Number.isNaN(seen.wholeSinceS)) seen.wholeSinceS = nowS - toS;
  }

  result(): DrillResult {
    const { troubles } = this.drill;
    const spells = [...new Set(troubles.values())].map((trouble) => this.spell(trouble));
    return { spells, wronglyOut: this.seen.filter((each) => each.some(({ isWrong }) => isWrong)).length };
  }

  private spell(trouble: string): Spell {
    const all = [...this.drill.troubles].flatMap(([host, its]) =>
      its === trouble ? (this.seen[host] ?? []) : [],
    );
    const found = all.filter(({ outS }) => !Number.isNaN(outS));
    return {
      trouble,
      foundShare: found.length / all.length,
      outS: summaryOf(found.map(({ outS }) => outS)),
      // One that is not back at the end has not come back yet, however long that is.
      backS: summaryOf(found.map(({ wholeSinceS }) => (Number.isNaN(wholeSinceS) ? Infinity : wholeSinceS))),
    };
  }
}

function summaryOf(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[(sorted.length - 1) >> 1] ?? NaN, worst: sorted.at(-1) ?? NaN };
}

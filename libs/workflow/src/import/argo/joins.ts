import { LIMITS } from '@multiswarm/contracts';
import { dependsCel, holds, leaves, mentioned, plainTasks, type Depends, type Result } from './depends';
import type { Place, Problems } from './problems';
import { member } from './text';

/** What decides when a task starts, and what its end means for those behind it. */
export interface Gate {
  name: string;
  place: Place;
  depends: Depends | undefined;
  /** CEL of its own `when`. */
  when: string | undefined;
  continuesOnFailure: boolean;
  isMap: boolean;
}

export interface Joined {
  dependsOn: string[];
  join?: 'none-failed' | 'all-ended';
  when?: string;
  continueOnFailure?: true;
  /** All items run, whatever becomes of them, and it is counted how many succeeded. */
  isCounted: boolean;
  /** All items run, and the step has succeeded then. */
  runsAll: boolean;
}

/** How a step begins that waits for nothing. */
export const NOTHING_BEFORE: Joined = { dependsOn: [], isCounted: false, runsAll: false };

const FAILURES = new Set<Result | undefined>(['Failed', 'Errored', 'Omitted', 'AnySucceeded', 'AllFailed']);

/**
 * Joins and conditions that say what `depends` says. A list of tasks that succeeded or were skipped is a join by
 * itself: `all`, or `none-failed` where one of them has a condition. Anything else waits until all have ended and asks for
 * their states; then what is skipped because it does not hold looks to those behind like a step with a false condition, and
 * they have to ask as well.
 */
export class Joins {
  private readonly gates: ReadonlyMap<string, Gate>;
  private readonly behind = new Map<string, Gate[]>();
  private readonly asking = new Set<string>();
  private readonly counted = new Set<string>();
  private readonly tolerated = new Set<string>();

  /** @param gates in an order in which each stands behind those that it depends on */
  constructor(
    gates: readonly Gate[],
    private readonly problems: Problems,
  ) {
    this.gates = new Map(gates.map((gate) => [gate.name, gate]));
    for (const gate of gates) this.look(gate);
    for (const gate of gates) if (this.isHandled(gate)) this.tolerated.add(gate.name);
    for (const gate of gates) this.compareEnds(gate);
  }

  /** Whether a task asks for failures: then nothing may stop the others when one has failed. */
  get asksForFailures(): boolean {
    return [...this.gates.values()].some(
      ({ depends }) => depends && [...leaves(depends)].some(({ result }) => FAILURES.has(result)),
    );
  }

  of(name: string): Joined {
    const gate = this.gates.get(name);
    if (!gate) return NOTHING_BEFORE;
    const { depends, when } = gate;
    const isCounted = this.counted.has(name);
    const items = { isCounted, runsAll: isCounted || (gate.isMap && gate.continuesOnFailure) };
    const end = !isCounted && this.tolerated.has(name) ? { continueOnFailure: true as const } : {};
    if (!depends) return { dependsOn: [], ...items, ...end, ...(when === undefined ? {} : { when }) };
    const dependsOn = mentioned(depends);
    if (!this.asking.has(name)) {
      const waitsForVoid = dependsOn.some((one) => this.gates.get(one)?.when !== undefined);
      const join = waitsForVoid ? { join: 'none-failed' as const } : {};
      return { dependsOn, ...items, ...join, ...end, ...(when === undefined ? {} : { when }) };
    }
    const asked = this.cel(depends);
    const all = when === undefined ? asked : `(${asked}) && (${when})`;
    if (all.length > LIMITS.EXPRESSION_CHARS)
      this.problems.lost(gate.place, 'depends-too-long', 'as a condition it is longer than EXPRESSION_CHARS');
    return { dependsOn, ...items, join: 'all-ended', when: all, ...end };
  }

  private look(gate: Gate): void {
    const { depends, name, place } = gate;
    if (!depends) return;
    const plain = plainTasks(depends);
    if (!plain || plain.some((one) => this.asking.has(one) || this.counted.has(one))) this.asking.add(name);
    for (const { name: of, result } of leaves(depends)) {
      if (result === 'Daemoned')
        this.problems.lost(
          place,
          'daemon',
          `${of}.Daemoned: a step that serves others while they run has no counterpart`,
        );
      if (result === 'Errored' || result === 'Failed')
        this.problems.differs(
          place,
          'failed-or-errored',
          `${of}.${result}: failed and errored are one state`,
        );
      if (result !== 'AnySucceeded' && result !== 'AllFailed') continue;
      if (this.gates.get(of)?.isMap === true) this.count(of);
      else this.problems.lost(place, 'not-a-loop', `${of}.${result}: ${of} is no loop`);
    }
    for (const one of mentioned(depends)) this.behind.set(one, [...(this.behind.get(one) ?? []), gate]);
  }

  private count(name: string): void {
    this.counted.add(name);
    const place = this.gates.get(name)?.place ?? [];
    this.problems.differs(place, 'counted', 'its items are counted, and their outputs are not collected');
  }

  /** Whether the run goes on as if nothing was wrong when it fails: all that stand behind it say what is to be done then. */
  private isHandled({ name, continuesOnFailure }: Gate): boolean {
    if (continuesOnFailure) return true;
    const behind = this.behind.get(name) ?? [];
    return behind.length > 0 && behind.every((gate) => this.holdsWhere(gate, new Set([name])));
  }

  private holdsWhere({ depends }: Gate, failed: ReadonlySet<string>): boolean {
    if (!depends) return true;
    return holds(depends, (name, result) => {
      const hasFailed = failed.has(name);
      if (result === undefined) return !hasFailed || this.gates.get(name)?.continuesOnFailure === true;
      if (result === 'Succeeded' || result === 'AnySucceeded') return !hasFailed;
      return hasFailed && (result === 'Failed' || result === 'Errored' || result === 'AllFailed');
    });
  }

  /** A run of Argo fails where a task is left out behind a failed one; ours where a failure was not tolerated. */
  private compareEnds(gate: Gate): void {
    if (!gate.depends || !this.asking.has(gate.name)) return;
    const names = mentioned(gate.depends).slice(0, MOST_COMPARED);
    for (let combination = 1; combination < 2 ** names.length; combination += 1) {
      const failed = new Set(names.filter((_, bit) => (combination >> bit) % 2 === 1));
      const holdsThen = this.holdsWhere(gate, failed);
      const alone = [...failed].filter((name) => this.behind.get(name)?.length === 1);
      const isTolerated = [...failed].every((name) => this.tolerated.has(name) || this.counted.has(name));
      if (
        holdsThen ? alone.every((name) => this.tolerated.has(name) || this.counted.has(name)) : !isTolerated
      )
        continue;
      const who = [...failed].join(' and ');
      const ends = holdsThen
        ? 'the run fails, and here it would succeed'
        : 'the run succeeds, and in Argo it fails';
      this.problems.differs(gate.place, 'how-it-ends', `where ${who} failed and nothing else, ${ends}`);
      return;
    }
  }

  private cel(depends: Depends): string {
    return dependsCel(depends, (name, result) => this.asked(name, result));
  }

  private asked(name: string, result: Result | undefined): string {
    const at = `steps${member(name)}`;
    const counts = this.counted.has(name);
    const succeeded = `${at}.state == 'succeeded'`;
    const failed = `(${at}.state == 'failed' || ${at}.state == 'expired')`;
    switch (result) {
      case undefined: {
        const fine = [this.asked(name, 'Succeeded'), ...this.skipped(name)];
        if (this.gates.get(name)?.continuesOnFailure === true) fine.push(failed);
        return fine.length === 1 ? (fine[0] ?? '') : `(${fine.join(' || ')})`;
      }
      case 'Succeeded':
        return counts ? `(${succeeded} && ${at}.output.failed == 0)` : succeeded;
      case 'Failed':
      case 'Errored':
        return counts ? `(${succeeded} && ${at}.output.failed > 0)` : failed;
      case 'AnySucceeded':
        return `(${succeeded} && ${at}.output.succeeded > 0)`;
      case 'AllFailed':
        return `(${succeeded} && ${at}.output.total > 0 && ${at}.output.succeeded == 0)`;
      case 'Skipped':
        return this.skipped(name)[0] ?? 'false';
      case 'Omitted':
        return this.omitted(name);
      case 'Daemoned':
        return 'false';
    }
  }

  /** Its own `when` was false; nothing where it has none. */
  private skipped(name: string): string[] {
    const gate = this.gates.get(name);
    if (gate?.when === undefined) return [];
    const at = `steps${member(name)}`;
    if (!this.asking.has(name) || !gate.depends)
      return [`(${at}.state == 'skipped' && ${at}.error.code == 'condition-false')`];
    return [`(${at}.state == 'skipped' && (${this.cel(gate.depends)}))`];
  }

  private omitted(name: string): string {
    const gate = this.gates.get(name);
    const at = `steps${member(name)}`;
    if (!gate?.depends || !this.asking.has(name))
      return `(${at}.state == 'skipped' && ${at}.error.code != 'condition-false')`;
    if (gate.when === undefined) return `${at}.state == 'skipped'`;
    return `(${at}.state == 'skipped' && !(${this.cel(gate.depends)}))`;
  }
}

/** Combinations double with each. */
const MOST_COMPARED = 8;

import { attack, type Finding } from './campaign';
import { Accepted } from './invariants/accepted';
import { growthIn } from './invariants/memory';
import { Runs } from './invariants/runs';
import { strayStored } from './invariants/stored';
import { strayPayloads } from './invariants/stored-payloads';
import { strayStreams } from './invariants/stored-streams';
import { leaks, type Repetition } from './leaks';
import type { Memory } from './stack/log-watch';
import type { System } from './stack/system';
import { endAll } from './stack/tidy';
import { httpTargets } from './targets/http-targets';
import { natsTargets } from './targets/nats-targets';
import { listenedSubjects } from './targets/subjects';
import type { Target, Targets } from './targets/target';

/** Targets that are under attack at the same time. */
const LANES = 3;
/** Strays of one kind. */
const SHOWN = 5;

export interface RoundOptions {
  seed: number;
  requests: number;
  only?: string | undefined;
  path?: string | undefined;
  /** Called when a target has been attacked, with how long that took. */
  onTarget?: ((name: string, ms: number) => void) | undefined;
}

/** Attacks a system round by round, and looks after each whether it is still what it was. */
export class Rounds {
  private readonly memories = new Map<string, Memory[]>();

  private constructor(
    private readonly system: System,
    private readonly faces: readonly Targets<unknown>[],
    private readonly accepted: Accepted,
    private readonly runs: Runs,
  ) {}

  static async open(system: System): Promise<Rounds> {
    const accepted = new Accepted();
    const runs = new Runs(system.shards);
    accepted.note(JSON.stringify(system.known));
    const faces = [
      ...(await Promise.all(
        (['orchestrator', 'load-balancer', 'communicator'] as const).map((service) =>
          httpTargets(system, service, accepted),
        ),
      )),
      natsTargets(system, await listenedSubjects(system.known), accepted, runs),
    ];
    return new Rounds(system, faces as Targets<unknown>[], accepted, runs);
  }

  targets(only = ''): Target[] {
    return this.faces.flatMap(({ targets }) => targets).filter(({ name }) => name.includes(only));
  }

  /** What so many requests to each target have brought to light. */
  async run({ seed, requests, only, path, onTarget }: RoundOptions): Promise<Finding[]> {
    const findings: Finding[] = [];
    const waiting = this.targets(only);
    const lane = async (): Promise<void> => {
      for (let target = waiting.shift(); target; target = waiting.shift()) {
        const from = performance.now();
        const finding = await attack(target, { seed, requests, path });
        onTarget?.(target.name, Math.round(performance.now() - from));
        if (finding) findings.push(finding);
        const fault = this.complaint();
        if (fault !== undefined)
          findings.push({
            target: `while ${target.name} was attacked`,
            seed,
            path: undefined,
            request: '',
            fault,
          });
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    const after = await this.after(onTarget);
    return [
      ...findings,
      ...after.map((fault) => ({ target: 'all', seed, path: undefined, request: '', fault })),
    ];
  }

  /** What a service holds more of, each time that it is asked again what was asked in these rounds and has changed nothing. */
  async leaks(repetition: Repetition, seed: number, only?: string): Promise<Finding[]> {
    const faults = await leaks(this.system, this.targets(only), repetition);
    return faults.map((fault) => ({ target: 'all', seed, path: undefined, request: '', fault }));
  }

  close(): void {
    for (const face of this.faces) face.close();
  }

  private complaint(): string | undefined {
    for (const watch of this.system.watches) {
      if (watch.hasEnded) return `${watch.service} has ended`;
      const [first] = watch.complaints.splice(0);
      if (first !== undefined) return `${watch.service} logged: ${first}`;
    }
    return undefined;
  }

  /** Services serve, hold no more than before, and have stored nothing that they refused. */
  private async after(onStep: RoundOptions['onTarget']): Promise<string[]> {
    const { system, accepted } = this;
    const faults: string[] = [];
    const from = performance.now();
    const step = (name: string): void => onStep?.(name, Math.round(performance.now() - from));
    await system.serveNormalTask().then(
      (id) => accepted.note(id),
      (error: unknown) => faults.push(`a normal task is not served any more: ${String(error)}`),
    );
    step(`a normal task ${faults[0] ?? ''}`);
    await endAll(system);
    step('all that was accepted is cancelled');
    const { store, bus } = system;
    faults.push(...(await strayStored(store, bus, accepted)));
    faults.push(...(await strayPayloads(store, bus, accepted)).slice(0, SHOWN));
    faults.push(...(await strayStreams(bus, accepted, this.runs)).slice(0, SHOWN));
    step('all that is stored is known');
    for (const watch of system.watches) {
      if (watch.hasEnded) continue;
      for (const run of this.runs.strays(watch.runs.splice(0)).slice(0, SHOWN))
        faults.push(`${watch.service} has run ${run}, which it has not taken, or has run before`);
      const rounds = [...(this.memories.get(watch.service) ?? []), await watch.memory()];
      this.memories.set(watch.service, rounds);
      const growth = growthIn(rounds);
      if (growth !== undefined) faults.push(`${watch.service} ${growth}`);
    }
    return faults;
  }

  /** Attempts that the swarm under attack has taken. */
  get taken(): number {
    return this.runs.count;
  }

  /** Megabytes that each service held after each round. */
  get held(): string {
    return [...this.memories]
      .map(([service, rounds]) => {
        const inMb = rounds.map(({ heapUsed, external }) => ((heapUsed + external) / 1024 / 1024).toFixed(0));
        return `${service} ${inMb.join(' ')}`;
      })
      .join(', ');
  }
}

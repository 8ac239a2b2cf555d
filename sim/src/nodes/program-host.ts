import type { SimProcess } from '../world/process';
import { between, type Seeds } from '../world/seeds';
import type { World } from '../world/world';
import type { Program, Running } from './node';

/** From the death of a process to the next one of its program. */
const RESTART_MS = { from: 50, to: 4_000 };

/** All programs of a run. What dies is started again, by a platform that knows no other remedy. */
export class ProgramHost {
  private readonly programs = new Map<string, Program>();
  private readonly running = new Map<string, Running>();
  private readonly starts = new Map<string, number>();
  private readonly random;

  constructor(
    private readonly world: World,
    seeds: Seeds,
    /** Clocks are off by so much at most. */
    private readonly skewMs: number,
  ) {
    this.random = seeds.stream('host');
  }

  add(program: Program): void {
    this.programs.set(program.name, program);
    this.start(program.name);
  }

  /** Starts it where it does not run. */
  start(name: string): void {
    const program = this.programs.get(name);
    if (!program || this.process(name)) return;
    const count = (this.starts.get(name) ?? 0) + 1;
    this.starts.set(name, count);
    const skewMs = Math.round(between(this.random, -this.skewMs, this.skewMs));
    const process = this.world.process({ name: `${name}.${count}`, site: program.site, skewMs });
    this.world.timeline.trace.remark(this.world.timeline.now, () => `${process.name} starts`);
    this.running.set(name, program.start(process));
    const restartMs = between(this.random, RESTART_MS.from, RESTART_MS.to);
    process.onDeath.push(() =>
      this.world.timeline.in(restartMs, undefined, `start ${name}`, () => this.start(name)),
    );
  }

  /** The process under this name, unless it is dead. */
  process(name: string): SimProcess | undefined {
    const process = this.running.get(name)?.process;
    return process?.state === 'dead' ? undefined : process;
  }

  /** As SIGTERM, and SIGKILL where it has not ended by then. */
  stop(name: string, graceMs: number): void {
    const running = this.running.get(name);
    const process = this.process(name);
    if (!running || !process) return;
    // The signal reaches a process that stands still when it goes on.
    this.world.timeline.in(0, process, 'SIGTERM', () => void running.stop().then(() => process.kill()));
    this.world.timeline.in(graceMs, undefined, `SIGKILL ${process.name}`, () => process.kill());
  }

  get names(): string[] {
    return [...this.programs.keys()];
  }

  /** What runs now. */
  get all(): Running[] {
    return [...this.running.values()].filter(({ process }) => process.state !== 'dead');
  }
}

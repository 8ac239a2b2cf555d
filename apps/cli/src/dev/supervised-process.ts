import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { backoffMs, deferred, delay, type Clock, type Random } from '@multiswarm/core';
import { EXIT, Fault } from '../faults';
import { signalGroup } from '../processes/process-group';
import type { Reaper } from '../processes/reaper';
import { spawnWatched } from '../processes/spawn-watched';
import type { DataDirectory } from './data-directory';

/** The order of ending: the higher first. */
export const STAGES = { nats: 0, redis: 1, services: 2, swarms: 3 } as const;

export interface ProcessSpec {
  name: string;
  stage: number;
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  logFile: string;
  /** Asked again and again until it says true. */
  ready(): Promise<boolean>;
  readyTimeoutMs: number;
  /** From SIGTERM to SIGKILL. */
  stopTimeoutMs: number;
}

export interface Surroundings {
  clock: Clock;
  random: Random;
  reaper: Reaper;
  directory: DataDirectory;
  say: (line: string) => void;
}

const RESTART = { initialMs: 200, factor: 2, maxMs: 10_000, jitter: 0.2 };
/** A process that lived this long has recovered: its next failure counts as the first. */
const RECOVERED_MS = 30_000;
const READY_POLL_MS = 30;
const LARGEST_LOG_BYTES = 8 * 1024 * 1024;
const LOG_TAIL_LINES = 8;

/**
 * One child that is kept running.
 *
 * P1. It leads its own process group: Ctrl-C in the terminal reaches only us, and what it starts ends with it.
 * P2. It is on the reaper's list and on record before anybody waits for it.
 * P3. Before it was ready once, its end is a fault of the start; afterwards it is started again, with growing pauses.
 * P4. After `stop` began, nothing is started any more.
 */
export class SupervisedProcess {
  private child: ChildProcess | undefined;
  private exited: Promise<void> = Promise.resolve();
  private stopping = false;
  private started = false;
  private failures = 0;

  constructor(
    readonly spec: ProcessSpec,
    private readonly surroundings: Surroundings,
  ) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Resolves when it is ready; throws a fault with the end of its log when it ends or takes too long. */
  async start(): Promise<void> {
    const ended = deferred<string>();
    this.launch((how) => (this.started ? this.restart(how) : ended.resolve(how)));
    const outcome = await Promise.race([this.untilReady(), ended.promise]);
    if (outcome !== 'ready') throw this.failedToStart(outcome);
    this.started = true;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (child?.pid === undefined) return;
    signalGroup(child.pid, 'SIGTERM');
    const { pid } = child;
    const cancel = this.surroundings.clock.after(this.spec.stopTimeoutMs, () => signalGroup(pid, 'SIGKILL'));
    await this.exited;
    cancel();
  }

  /** At once, without asking. */
  kill(): void {
    this.stopping = true;
    if (this.child?.pid !== undefined) signalGroup(this.child.pid, 'SIGKILL');
  }

  private async untilReady(): Promise<string> {
    const { clock } = this.surroundings;
    const deadline = clock.monotonic() + this.spec.readyTimeoutMs;
    while (clock.monotonic() < deadline && !this.stopping) {
      if (await this.spec.ready()) return 'ready';
      await delay(clock, READY_POLL_MS);
    }
    return `is not ready after ${this.spec.readyTimeoutMs / 1_000} s`;
  }

  private launch(onEnd: (how: string) => void): void {
    const { name, command, args, env, cwd, logFile, stage } = this.spec;
    const { reaper, directory, clock } = this.surroundings;
    rotate(logFile);
    const log = openSync(logFile, 'a');
    const child = spawnWatched(command, args, reaper, { cwd, env, stdio: ['ignore', log, log], stage });
    closeSync(log);
    this.child = child;
    const began = clock.monotonic();
    const recorded = child.pid === undefined ? Promise.resolve() : directory.record(name, child.pid);
    this.exited = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (this.child !== child) return;
        this.child = undefined;
        // P1: nothing that it started may stay.
        if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
        if (child.pid !== undefined) reaper.forget(child.pid);
        if (clock.monotonic() - began > RECOVERED_MS) this.failures = 0;
        void recorded.then(() => directory.forget(name)).then(resolve);
        onEnd(how);
      };
      child.once('exit', (code, signal) =>
        ended(signal === null ? `ended with code ${code ?? 0}` : `was ended by ${signal}`),
      );
      child.once('error', (error) => ended(`cannot be started: ${error.message}`));
    });
  }

  /** P3, P4. */
  private restart(how: string): void {
    if (this.stopping) return;
    this.failures += 1;
    const { say, clock, random } = this.surroundings;
    const { name, logFile } = this.spec;
    const pauseMs = backoffMs(RESTART, this.failures, random);
    say(`${name} ${how}; starting it again in ${(pauseMs / 1_000).toFixed(1)} s (log: ${logFile})`);
    const again = async (): Promise<void> => {
      await this.exited;
      await delay(clock, pauseMs);
      if (this.stopping) return;
      this.launch((next) => this.restart(next));
      const { child } = this;
      const outcome = await this.untilReady();
      if (outcome === 'ready' && this.child === child) say(`${name} is back`);
    };
    again().catch((error: unknown) => say(`${name} cannot be started again: ${String(error)}`));
  }

  private failedToStart(how: string): Fault {
    const tail = existsSync(this.spec.logFile)
      ? readFileSync(this.spec.logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES)
      : [];
    return new Fault(
      [`${this.spec.name} ${how}; its log ends with:`, ...tail.map((line) => `  ${line}`)].join('\n'),
      {
        code: 'not-started',
        exit: EXIT.unavailable,
        hint: `the whole log is ${this.spec.logFile}; "swarmctl doctor" checks this machine`,
      },
    );
  }
}

/** One generation is kept, so that logs cannot fill the disk over many runs. */
function rotate(file: string): void {
  if (existsSync(file) && statSync(file).size > LARGEST_LOG_BYTES) renameSync(file, `${file}.old`);
}

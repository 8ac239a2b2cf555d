import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, within } from '@multiswarm/core';

export const ROOT = join(__dirname, '..', '..', '..');
/** What ends by itself is started again after this pause. */
const RESTART_MS = 300;
const READY_POLL_MS = 50;
const READY_MS = 60_000;
const END_MS = 10_000;
/** How a program ends that was told to, if all is well. */
export const ORDERLY_END = 'exit code 0';

/** Processes of ours that still run; they must not outlive this one, however it ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ProgramOptions {
  readonly name: string;
  /** For `node`, from the repository's root. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it writes is added to this file, over all its starts. */
  readonly logFile: string;
  /** Whether the process of this moment is ready for work. */
  readonly isReady: (program: Program) => Promise<boolean>;
}

/** An end that nobody asked for. */
export interface UnaskedEnd {
  readonly at: number;
  readonly how: string;
}

/**
 * A Node.js program that is kept running: what ends is started again.
 *
 * P1. While it is held down it is not started. P2. What was not killed here and ended all the same is noted.
 */
export class Program {
  readonly unasked: UnaskedEnd[] = [];
  /** Messages that the process of this moment has sent. */
  said: unknown[] = [];
  private child: ChildProcess | undefined;
  private lastEnd: string | undefined;
  private wanted = false;
  private killed = false;

  constructor(private readonly options: ProgramOptions) {}

  get name(): string {
    return this.options.name;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): void {
    this.wanted = true;
    if (!this.child) this.launch();
  }

  /** Resolves when it is ready for work. */
  async ready(): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (!(await this.options.isReady(this).catch(() => false))) {
      if (performance.now() > deadline) throw new Error(`${this.name} is not ready after ${READY_MS} ms`);
      await delay(READY_POLL_MS);
    }
  }

  /** SIGKILL; it stays away until `start`. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.wanted = false;
    this.killed = true;
    const { child } = this;
    if (!child) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** To the process of this moment. */
  tell(news: object): void {
    if (this.child?.connected) this.child.send(news);
  }

  /** SIGTERM, and SIGKILL to what does not end of it in time. @returns how it ended, if it ran */
  async stop(withinMs = END_MS): Promise<string | undefined> {
    this.wanted = false;
    const { child } = this;
    if (!child) return undefined;
    this.killed = true;
    const gone = once(child, 'exit').then(() => true);
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    if (!(await within(systemClock, withinMs, gone, () => false))) await this.kill();
    return this.lastEnd;
  }

  private launch(): void {
    const { args, env, logFile } = this.options;
    const log = openSync(logFile, 'a');
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', log, log, 'ipc'],
      cwd: ROOT,
      env: { ...process.env, ...env },
    });
    closeSync(log);
    this.child = child;
    this.killed = false;
    this.said = [];
    running.add(child);
    child.on('message', (message) => this.said.push(message));
    child.once('exit', (code, signal) => this.ended(child, signal ?? `exit code ${code ?? 'unknown'}`));
  }

  private ended(child: ChildProcess, how: string): void {
    running.delete(child);
    this.child = undefined;
    this.lastEnd = how;
    if (!this.killed) this.unasked.push({ at: Date.now(), how });
    if (!this.wanted) return;
    setTimeout(() => {
      if (this.wanted && !this.child) this.launch();
    }, RESTART_MS);
  }
}

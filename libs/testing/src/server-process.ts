import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findBinary } from './binaries';
import { eventually } from './eventually';
import { isFrozen } from './frozen';
import { Reaper } from './reaper';

export type ServerSignal = 'SIGKILL' | 'SIGSTOP' | 'SIGCONT';

/** A real server as a child process, on a port of 127.0.0.1 that it keeps over restarts. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Changes with every restart. */
  readonly pid: number;
  /** Data and `server.log`; deleted by `stop`. */
  readonly dir: string;
  /** Ends the process and deletes its data. Also ends a server that is killed or frozen. */
  stop(): Promise<void>;
  /** Crash it (resolves when it is gone), freeze it (resolves when it stands still), or let it go on. */
  kill(signal: ServerSignal): Promise<void>;
  /** Starts again with the same data on the same port; a server that still runs is asked to end first. */
  restart(): Promise<void>;
}

/** What differs from server to server. */
export interface ServerKind {
  readonly binary: string;
  readonly scheme: string;
  /** Signals, without `SIG`, that the server does not get to feel. */
  readonly ignores?: readonly string[];
  /** A port for the first start; 0 where the server picks one itself. */
  choosePort(): Promise<number>;
  args(dir: string, port: number): string[];
  /** The port on which this very process (not a stranger on the same port) serves requests; undefined while it does not yet. */
  probe(dir: string, port: number, pid: number): Promise<number | undefined>;
}

const READY_TIMEOUT_MS = 10_000;
const PROBE_INTERVAL_MS = 2;
const END_TIMEOUT_MS = 5_000;
const BIND_ATTEMPTS = 20;
const BIND_PAUSE_MS = 100;
const LOG_TAIL_CHARS = 2_000;

const reaper = new Reaper();

export async function startServer(kind: ServerKind): Promise<TestServer> {
  const binary = findBinary(kind.binary);
  const dir = await mkdtemp(join(tmpdir(), `${kind.binary}-`));
  const server = new ServerProcess(kind, binary, dir);
  try {
    await server.start();
    return server;
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

/** The process ended before it answered. */
class EarlyExit extends Error {
  constructor(
    binary: string,
    readonly log: string,
  ) {
    super(`${binary} ended before it accepted connections; its log ends with:\n${log}`);
  }

  get portTaken(): boolean {
    return /address already in use/i.test(this.log);
  }
}

class ServerProcess implements TestServer {
  port = 0;
  private child: ChildProcess | undefined;
  private exited: Promise<void> = Promise.resolve();

  constructor(
    private readonly kind: ServerKind,
    private readonly binary: string,
    readonly dir: string,
  ) {}

  get url(): string {
    return `${this.kind.scheme}://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error(`${this.kind.binary} is not running`);
    return pid;
  }

  async start(): Promise<void> {
    const fixedPort = this.port;
    for (let attempt = 1; ; attempt++) {
      try {
        this.port = await this.boot(fixedPort || (await this.kind.choosePort()));
        return;
      } catch (error) {
        // Between choosing a port (or leaving it, for a restart) and binding it, anybody may take it for a moment.
        if (!(error instanceof EarlyExit && error.portTaken) || attempt === BIND_ATTEMPTS) throw error;
        if (fixedPort) await delay(BIND_PAUSE_MS);
      }
    }
  }

  async stop(): Promise<void> {
    await this.kill('SIGKILL');
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }

  async kill(signal: ServerSignal): Promise<void> {
    this.child?.kill(signal);
    if (signal === 'SIGKILL') await this.exited;
    if (signal === 'SIGSTOP')
      await eventually(() => isFrozen(this.pid), { describe: `freezing ${this.binary}` });
  }

  async restart(): Promise<void> {
    await this.end();
    await this.start();
  }

  private async end(): Promise<void> {
    // A frozen process would keep the SIGTERM for later.
    this.child?.kill('SIGCONT');
    this.child?.kill('SIGTERM');
    const patience = new AbortController();
    const late = delay(END_TIMEOUT_MS, 'late', { signal: patience.signal }).catch(() => 'ended');
    if ((await Promise.race([this.exited, late])) === 'late') await this.kill('SIGKILL');
    patience.abort();
  }

  private async boot(port: number): Promise<number> {
    const child = this.launch(port);
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (this.child === child && child.pid !== undefined) {
      const answering = await this.kind.probe(this.dir, port, child.pid);
      if (answering !== undefined) return answering;
      if (performance.now() > deadline) {
        await this.kill('SIGKILL');
        throw new Error(
          `${this.binary} did not answer within ${READY_TIMEOUT_MS} ms; its log ends with:\n${this.logTail()}`,
        );
      }
      await delay(PROBE_INTERVAL_MS);
    }
    throw new EarlyExit(this.binary, this.logTail());
  }

  private launch(port: number): ChildProcess {
    const log = openSync(join(this.dir, 'server.log'), 'w');
    const child = spawn(...this.command(port), {
      stdio: ['ignore', log, log],
      cwd: this.dir,
    });
    closeSync(log);
    this.child = child;
    if (child.pid !== undefined) reaper.watch(child.pid, this.dir);
    this.exited = new Promise((resolve) => {
      const ended = (): void => {
        if (child.pid !== undefined) reaper.forget(child.pid);
        if (this.child === child) this.child = undefined;
        resolve();
      };
      child.once('exit', ended).once('error', ended);
    });
    return child;
  }

  /** Signals that a shell ignores stay ignored in the program in whose favour it goes. */
  private command(port: number): [program: string, args: string[]] {
    const args = this.kind.args(this.dir, port);
    const { ignores = [] } = this.kind;
    if (ignores.length === 0) return [this.binary, args];
    return ['/bin/sh', ['-c', `trap '' ${ignores.join(' ')}; exec "$0" "$@"`, this.binary, ...args]];
  }

  private logTail(): string {
    return readFileSync(join(this.dir, 'server.log'), 'utf8').slice(-LOG_TAIL_CHARS);
  }
}

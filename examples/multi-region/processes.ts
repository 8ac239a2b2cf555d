import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

const READY_MS = 20_000;
const LOOK_MS = 50;
const END_MS = 10_000;

export interface Program {
  name: string;
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  ready: () => Promise<boolean>;
}

/** Programs of this machine that belong together, each with its log in a file. */
export class Processes {
  private readonly running: ChildProcess[] = [];

  constructor(readonly directory: string) {
    process.once('exit', () => this.running.forEach((child) => child.kill('SIGKILL')));
  }

  /** Starts one; resolves when it is ready. */
  async start({ name, command, args, env = {}, ready }: Program): Promise<void> {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = join(this.directory, `${name}.log`);
    const file = createWriteStream(log);
    child.stdout.pipe(file, { end: false });
    child.stderr.pipe(file, { end: false });
    let failed: Error | undefined;
    child.once('error', (error) => (failed = error));
    this.running.push(child);
    for (let waitedMs = 0; !(await ready().catch(() => false)); waitedMs += LOOK_MS) {
      if (failed !== undefined) throw new Error(`${name} does not start: ${failed.message}`);
      if (child.exitCode !== null || waitedMs > READY_MS)
        throw new Error(`${name} is not ready; its log is ${log}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Ends the last one first. */
  async stop(): Promise<void> {
    for (const child of this.running.splice(0).reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await ended;
      clearTimeout(late);
    }
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a server on TCP has one
  server.close();
  await once(server, 'close');
  return port;
}

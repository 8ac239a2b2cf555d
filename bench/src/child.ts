import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const END_TIMEOUT_MS = 10_000;

/** Processes of ours that still run; they must not outlive the bench, however it ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Rejects as soon as the process ends unasked. */
  readonly failed: Promise<never>;
  /** Resolves with the first message that it sends. */
  readonly ready: Promise<unknown>;
  /** Sends a message and resolves with the answer. One question at a time. */
  readonly ask: (question: object) => Promise<unknown>;
  /** Sends a message that is not answered. */
  tell(news: object): void;
  /** Resolves with the next message that it sends by itself. */
  told(): Promise<unknown>;
  /** Ends it without a warning. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  name: string;
  args: readonly string[];
  env?: Record<string, string>;
}

/** Starts `node <args>` with the output on our stderr, and an IPC channel over which it may talk to us. */
export function startChild({ name, args, env = {} }: ChildOptions): Child {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 2, 2, 'ipc'],
    env: { ...process.env, ...env },
  });
  running.add(child);
  let stopping = false;
  const ended = once(child, 'exit').then(() => void running.delete(child));
  const failed = ended.then((): never => {
    if (stopping) throw new Error(`${name} was stopped`);
    throw new Error(`${name} ended by itself: ${child.exitCode ?? child.signalCode ?? 'unknown'}`);
  });
  // Whoever waits for something of this process races it; between such waits nobody listens.
  failed.catch(() => undefined);
  const answer = (): Promise<unknown> =>
    Promise.race([once(child, 'message').then(([message]) => message as unknown), failed]);
  const ready = answer();
  // The services say nothing over this channel; whoever waits for them asks them over HTTP.
  ready.catch(() => undefined);
  return {
    name,
    pid: child.pid ?? 0,
    failed,
    ready,
    ask: (question) => {
      const answered = answer();
      child.send(question);
      return answered;
    },
    tell: (news) => void child.send(news),
    told: answer,
    kill: async () => {
      stopping = true;
      child.kill('SIGKILL');
      await ended;
    },
    stop: async () => {
      stopping = true;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { LIMITS, type JsonValue } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { NonRetryableError, RetryableError, type TaskContext, type TaskHandler } from '@multiswarm/sdk';
import { signalGroup } from '../processes/process-group';
import type { Reaper } from '../processes/reaper';
import { spawnWatched } from '../processes/spawn-watched';
import { isSaid } from './said-line';
import { LineSplitter, TextTail } from './text-tail';

export interface ExecAgentOptions {
  /** Run by `sh -c`, so pipes and quotes mean what they mean there. */
  command: string;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** From SIGTERM to SIGKILL when the attempt is cancelled. */
  graceMs: number;
  clock: Clock;
  reaper: Reaper;
}

const STDERR_LINE_CHARS = 8 * 1024;
/** Leaves room for our own words in an error message. */
const STDERR_TAIL_CHARS = LIMITS.ERROR_MESSAGE_CHARS - 512;
const EXCERPT_CHARS = 80;

/**
 * An agent that is an executable. The protocol:
 *
 * - the effective input is one JSON value on stdin, then end of file;
 * - stdout is the output, one JSON value (nothing at all is `null`), at most `LIMITS.PAYLOAD_BYTES`;
 * - stderr is the log: each line is logged with the task's trace id, the end of it becomes part of an error;
 * - `::progress 0.5 words` and `::output part` on stderr are told to whoever watches, instead of logged;
 * - exit code 0 is success, anything else fails the attempt;
 * - cancelling sends SIGTERM to its process group, and SIGKILL after the grace time;
 * - what it left running is killed when it ends.
 */
export function execAgent(options: ExecAgentOptions): TaskHandler {
  return (input, ctx) => new ExecRun(options, ctx).run(input);
}

type Child = ChildProcessWithoutNullStreams;

class ExecRun {
  private readonly child: Child;
  private readonly stdout: Buffer[] = [];
  private stdoutBytes = 0;
  private readonly stderr = new TextTail(STDERR_TAIL_CHARS);
  private cancelKill: () => void = () => undefined;

  constructor(
    private readonly options: ExecAgentOptions,
    private readonly ctx: TaskContext,
  ) {
    const child = spawnWatched('/bin/sh', ['-c', options.command], options.reaper, {
      cwd: options.cwd,
      env: { ...options.env, ...taskEnvironment(ctx) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // Asked for as pipes, so they are there.
    this.child = child as Child;
  }

  async run(input: JsonValue): Promise<JsonValue> {
    const { signal } = this.ctx;
    const terminate = (): void => this.terminate();
    signal.addEventListener('abort', terminate, { once: true });
    if (signal.aborted) terminate();
    this.readStreams();
    // A command that does not read its input closes the pipe; that is its right.
    this.child.stdin.on('error', () => undefined);
    this.child.stdin.end(`${JSON.stringify(input)}\n`);
    try {
      const { code, by } = await this.ended();
      return this.resultOf(code, by);
    } finally {
      signal.removeEventListener('abort', terminate);
      this.cancelKill();
      if (this.child.pid !== undefined) this.options.reaper.forget(this.child.pid);
    }
  }

  private readStreams(): void {
    const { log } = this.ctx;
    const lines = new LineSplitter((line) => {
      if (!isSaid(line, this.ctx)) log.info(line, { stream: 'stderr' });
    }, STDERR_LINE_CHARS);
    this.child.stderr.setEncoding('utf8');
    this.child.stderr.on('data', (text: string) => {
      this.stderr.push(text);
      lines.push(text);
    });
    this.child.stderr.once('end', () => lines.end());
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.stdoutBytes += chunk.length;
      if (this.stdoutBytes <= LIMITS.PAYLOAD_BYTES) this.stdout.push(chunk);
      else this.kill();
    });
  }

  private ended(): Promise<{ code: number | null; by: NodeJS.Signals | null }> {
    return new Promise((resolve, reject) => {
      // Children left in the background would hold stdout open for ever.
      this.child.once('exit', () => this.kill());
      this.child.once('close', (code, by) => resolve({ code, by }));
      this.child.once('error', (cause) =>
        reject(new RetryableError('attempt-failed', `cannot run sh: ${cause.message}`, { cause })),
      );
    });
  }

  private resultOf(code: number | null, by: NodeJS.Signals | null): JsonValue {
    if (this.ctx.signal.aborted) throw this.ctx.signal.reason;
    if (this.stdoutBytes > LIMITS.PAYLOAD_BYTES) {
      throw new NonRetryableError(
        'output-too-large',
        `the command wrote more than ${LIMITS.PAYLOAD_BYTES} bytes to stdout`,
      );
    }
    if (code !== 0) {
      const how = by === null ? `exited with code ${code}` : `was ended by ${by}`;
      const said =
        this.stderr.text === '' ? '; it wrote nothing to stderr' : `; stderr ends with:\n${this.stderr.text}`;
      throw new RetryableError('attempt-failed', `the command ${how}${said}`);
    }
    return parseOutput(Buffer.concat(this.stdout).toString('utf8'));
  }

  private terminate(): void {
    const { pid } = this.child;
    if (pid === undefined || !signalGroup(pid, 'SIGTERM')) return;
    this.cancelKill = this.options.clock.after(this.options.graceMs, () => this.kill());
  }

  private kill(): void {
    if (this.child.pid !== undefined) signalGroup(this.child.pid, 'SIGKILL');
  }
}

function parseOutput(text: string): JsonValue {
  if (text.trim() === '') return null;
  try {
    // What JSON.parse returns is a JSON value.
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    const start = JSON.stringify(text.slice(0, EXCERPT_CHARS));
    const message = `stdout must be one JSON value, but it starts with ${start}: write logs to stderr`;
    throw new RetryableError('attempt-failed', message, { cause });
  }
}

/** What an executable is told about its attempt. */
export function taskEnvironment({ task, swarm, traceparent }: TaskContext): Record<string, string> {
  return {
    MULTISWARM_TASK_ID: task.id,
    MULTISWARM_TASK_TYPE: task.type,
    MULTISWARM_WORKFLOW_ID: task.workflowId ?? '',
    MULTISWARM_STEP: task.step ?? '',
    MULTISWARM_ATTEMPT: String(task.attempt),
    MULTISWARM_SWARM_ID: swarm.id,
    MULTISWARM_REGION: swarm.region,
    TRACEPARENT: traceparent,
  };
}

import type { Program } from '../../../e2e/stack';

/** Bytes after a collection of garbage. */
export interface Memory {
  heapUsed: number;
  external: number;
  rss: number;
}

/** Reads what a service writes: keeps what must not be there, and answers of the probe. */
export class LogWatch {
  /** Lines of level `error`, and those that are none of the log's: traces of crashes, warnings of Node.js. */
  readonly complaints: string[] = [];
  /** Attempts that a swarm has run, as `<task>#<attempt>`, since somebody took them from here. */
  readonly runs: string[] = [];
  private rest = '';
  private readonly waiting: ((memory: Memory) => void)[] = [];

  constructor(
    readonly service: string,
    private readonly program: Program,
  ) {
    program.process.stderr?.on('data', (text: Buffer | string) => this.read(String(text)));
  }

  get hasEnded(): boolean {
    return this.program.process.exitCode !== null || this.program.process.signalCode !== null;
  }

  /** What the service holds once nothing is left that nobody needs. */
  memory(): Promise<Memory> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.program.process.kill('SIGUSR2');
    });
  }

  private read(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') this.judge(line);
  }

  private judge(line: string): void {
    const { level, ...more } = parsed(line);
    if (level === 'ran') this.runs.push(`${String(more['taskId'])}#${String(more['attempt'])}`);
    else if (level === 'probe') this.waiting.shift()?.(more as unknown as Memory);
    else if (level === undefined || level === 'error') this.complaints.push(line.slice(0, 2_000));
  }
}

function parsed(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}

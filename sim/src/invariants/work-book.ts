import type { JsonValue } from '@multiswarm/contracts';
import type { Findings } from './findings';

interface Work {
  /** The process that runs it: a swarm that was started again is another one. */
  where: string;
  result: JsonValue | undefined;
}

/** 2: what the agents really did. One number of a task is run once, in one place. */
export class WorkBook {
  readonly runs = new Map<string, Work>();
  begun = 0;

  constructor(private readonly findings: Findings) {}

  began(taskId: string, attempt: number, where: string): void {
    const key = `${taskId}#${attempt}`;
    const before = this.runs.get(key);
    this.begun += 1;
    this.findings.holds(2, before === undefined, () => `${key} was run by ${before?.where} and by ${where}`);
    this.runs.set(key, { where, result: undefined });
  }

  made(taskId: string, attempt: number, result: JsonValue): void {
    const work = this.runs.get(`${taskId}#${attempt}`);
    if (work) work.result = result;
  }

  resultOf(taskId: string, attempt: number): JsonValue | undefined {
    return this.runs.get(`${taskId}#${attempt}`)?.result;
  }
}

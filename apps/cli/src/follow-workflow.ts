import { type Event, type Workflow } from '@multiswarm/contracts';
import { delay, every } from '@multiswarm/core';
import { awaitEnd } from './api/await-end';
import type { HttpApi } from './api/http-api';
import { paths } from './api/paths';
import { sayReachable } from './api/wait-for-task';
import type { Io } from './io';
import type { Announcer } from './output/announcer';
import { LiveRegion } from './output/live-region';
import { paint } from './output/paint';
import { counts } from './views/status';
import {
  afterEvent,
  countStates,
  progressLines,
  progressOf,
  stepLine,
  type WorkflowProgress,
} from './views/workflow-progress';
import { StalledWorkflow } from './waiting-reasons';

const REDRAW_MS = 100;
const RECONNECT_MS = 500;
const LOOK_MS = 1_000;
/** With more steps than this, a line per change would bury what matters. */
const STEPS_NOTED = 200;
/** States worth a line of their own where nothing can be redrawn. */
const NOTED = new Set(['running', 'backoff', 'succeeded', 'failed', 'cancelled', 'skipped']);

export interface FollowOptions {
  timeoutMs: number | undefined;
  signal: AbortSignal;
  /** Lines that others have to say meanwhile. */
  announcer?: Announcer;
}

/**
 * Waits for the end of a workflow and meanwhile shows its steps on stderr: a block that is redrawn on a terminal, a line per
 * change elsewhere. The picture comes from the event stream and may lag; the end comes from the workflow's own record.
 */
export async function followWorkflow(
  api: HttpApi,
  id: string,
  io: Io,
  options: FollowOptions,
): Promise<Workflow> {
  const over = new AbortController();
  const picture = new Picture(api, id, io);
  const release = options.announcer?.writeThrough((line) =>
    picture.interrupt(() => io.stderr.write(`${line}\n`)),
  );
  const showing = picture.keepUp(AbortSignal.any([over.signal, options.signal]));
  try {
    const ended = await awaitEnd<Workflow>(api, paths.workflow(id), io, {
      ...options,
      whyWaiting: () => picture.reason,
      onReachable: (reachable) => picture.interrupt(() => sayReachable(io, api, reachable)),
    });
    over.abort();
    await showing;
    picture.finish(ended);
    return ended;
  } finally {
    over.abort();
    await showing;
    release?.();
  }
}

class Picture {
  private readonly region: LiveRegion;
  private progress: WorkflowProgress | undefined;
  private readonly noted = new Map<string, string>();
  private readonly stalled: StalledWorkflow;
  private said = '';
  private summary = '';

  constructor(
    private readonly api: HttpApi,
    private readonly id: string,
    private readonly io: Io,
  ) {
    this.region = new LiveRegion(io.stderr);
    this.stalled = new StalledWorkflow(api, id, io);
  }

  /** Why nothing runs, where something could. */
  get reason(): string | undefined {
    return this.stalled.reason;
  }

  /** Follows the events until told to stop. A stream that breaks is taken up again from a fresh snapshot. */
  async keepUp(signal: AbortSignal): Promise<void> {
    const stopRedrawing = every(this.io.clock, REDRAW_MS, () => this.draw());
    const stopLooking = every(this.io.clock, LOOK_MS, () => this.look(signal));
    while (!signal.aborted) {
      await this.followOnce(signal).catch(() => undefined);
      await delay(this.io.clock, RECONNECT_MS, signal).catch(() => undefined);
    }
    stopRedrawing();
    stopLooking();
  }

  finish(ended: Workflow): void {
    this.move(progressOf(ended, this.progress));
    this.stalled.over();
    this.draw();
    this.summarize();
  }

  /** Lets something else be written above the block. */
  interrupt(write: () => void): void {
    this.region.clear();
    write();
  }

  private async followOnce(signal: AbortSignal): Promise<void> {
    // Opened before the snapshot is read, so that nothing between the two is missed.
    const events = await this.api.events(paths.events, { root: this.id }, undefined, signal);
    const snapshot = await this.api.get<Workflow>(paths.workflow(this.id), { signal });
    this.move(progressOf(snapshot, this.progress));
    for await (const { event: kind, data } of events) {
      if (kind === 'gap') return;
      // The server's own contract; an event that says nothing to us changes nothing.
      if (this.progress) this.move(afterEvent(this.progress, JSON.parse(data) as Event));
    }
  }

  private move(progress: WorkflowProgress): void {
    this.progress = progress;
    if (this.region.redraws || this.isLarge) return;
    const { color, now } = this.context();
    for (const step of progress.steps.values()) {
      const key = `${step.state} ${step.attempt}`;
      if (!NOTED.has(step.state) || this.noted.get(step.id) === key) continue;
      this.noted.set(step.id, key);
      this.region.note(stepLine(step, color, now).trimStart());
    }
  }

  private get isLarge(): boolean {
    return (this.progress?.steps.size ?? 0) > STEPS_NOTED;
  }

  /** What is due now and then: a summary where the steps are too many for lines of their own, and why nothing runs. */
  private async look(signal: AbortSignal): Promise<void> {
    if (!this.progress) return;
    this.summarize();
    await this.stalled.look(countStates(this.progress.steps.values()), signal);
    const { reason } = this;
    if (signal.aborted || this.region.redraws || reason === undefined || reason === this.said) return;
    this.said = reason;
    this.region.note(`waiting: ${reason}`);
  }

  private summarize(): void {
    if (!this.progress || this.region.redraws || !this.isLarge) return;
    const summary = counts(countStates(this.progress.steps.values()));
    if (summary !== this.summary) this.region.note(summary);
    this.summary = summary;
  }

  private draw(): void {
    if (!this.progress || !this.region.redraws) return;
    const { color, now } = this.context();
    const why = this.reason === undefined ? [] : [`  waiting: ${this.reason}`];
    const room = this.io.stderr.rows - 3 - why.length;
    this.region.draw([...progressLines(this.progress, color, now, room), ...why]);
  }

  private context(): { color: ReturnType<typeof paint>; now: number } {
    return { color: paint(this.io.stderr, this.io.env), now: this.io.clock.now() };
  }
}

import type { Bus } from '@multiswarm/bus';
import {
  Accepted,
  BatchReply,
  DeadLetterReply,
  isTerminal,
  MultiswarmError,
  subjects,
} from '@multiswarm/contracts';
import { backoffMs, delay, type Backoff } from '@multiswarm/core';
import { z } from 'zod';
import type { Findings } from '../invariants/findings';
import type { Ledger } from '../invariants/ledger';
import type { SimProcess } from '../world/process';
import { between, chance, pick, pickWeighted, wholeBetween } from '../world/seeds';
import { submission, workflow } from './submissions';

export interface ClientParts {
  process: SimProcess;
  bus: Bus;
  findings: Findings;
  ledger: Ledger;
  /** Shared by all clients: so that two of them use the same keys. */
  promises: Promises;
}

/** What clients were told. */
export class Promises {
  /** Ids of tasks and runs that were acknowledged. */
  readonly acknowledged = new Set<string>();
  /** Bodies by idempotency key, and the id that it was promised. */
  readonly keyed = new Map<
    string,
    { kind: 'task' | 'workflow'; body: Record<string, unknown>; id?: string }
  >();
  /** Ids that were promised as new: that may be said of a key once. */
  readonly fresh = new Set<string>();
}

const REQUEST_MS = 2_000;
const BACKOFF: Backoff = { initialMs: 50, factor: 2, maxMs: 800, jitter: 0.3 };
const BATCH = 6;
/** What runs for longer than this is taken for one that hangs. */
const PATIENCE_MS = 3_000;

/** One client: it submits for a while, and tells some of its tasks something. It repeats only what is safe to repeat. */
export class Client {
  /** Actions that have not come to an end. */
  open = 0;
  private retries = 0;

  constructor(private readonly parts: ClientParts) {}

  /** Does so many things, spread over the time. */
  start(actions: number, duringMs: number): void {
    const { process } = this.parts;
    for (let count = 0; count < actions; count += 1)
      process.clock.after(between(process.random, 0, duringMs), () => this.begin(() => this.act()));
  }

  /** What a person does who wants everything to end: sends the signals, resumes, and cancels what would go on for ever. */
  tidyUp(): void {
    const { ledger, process } = this.parts;
    for (const { run } of ledger.runs.values())
      if (run.state === 'running' && run.paused)
        this.begin(async () => void (await this.tellRun('resume', { id: run.id })));
    for (const record of ledger.tasks.values()) {
      if (isTerminal(record.state)) continue;
      const { id, spec } = record;
      if (spec.workflowId !== undefined) continue;
      if (record.paused) this.begin(() => this.tell('resume', { id }));
      else if (record.state === 'waiting') this.begin(() => this.tell('signal', { id, name: 'go' }));
      else if (record.state === 'running' && process.clock.now() - record.since > PATIENCE_MS)
        this.begin(() => this.tell('cancel', { id }));
    }
  }

  private begin(action: () => Promise<void>): void {
    this.open += 1;
    void action().finally(() => (this.open -= 1));
  }

  private act(): Promise<void> {
    const { random } = this.parts.process;
    return pickWeighted<() => Promise<void>>(random, [
      [10, () => this.submit()],
      [4, () => this.submitKeyed()],
      [2, () => this.submitBatch()],
      [2, () => this.submitWorkflow()],
    ])();
  }

  private async submit(): Promise<void> {
    const { random, clock } = this.parts.process;
    const body = submission(random, clock.now());
    // Without a key it must not be repeated: it may have been accepted.
    const accepted = await this.ask(subjects.task('submit'), body, Accepted, false);
    if (accepted) await this.accepted(accepted.id);
  }

  private async submitKeyed(): Promise<void> {
    const { process, promises, findings } = this.parts;
    const { random, clock } = process;
    const known = [...promises.keyed].filter(([, { kind }]) => kind === 'task');
    const again = known.length > 0 && chance(random, 0.4) ? pick(random, known) : undefined;
    const key = again?.[0] ?? `key-${promises.keyed.size}`;
    const body = again?.[1].body ?? submission(random, clock.now());
    if (again && chance(random, 0.2)) return this.conflict(key, body);
    if (!again) promises.keyed.set(key, { kind: 'task', body });
    const accepted = await this.ask(
      subjects.task('submit'),
      { ...body, idempotencyKey: key },
      Accepted,
      true,
    );
    if (!accepted) return;
    this.checkKey(key, accepted);
    findings.holds(1, accepted.duplicate || !promises.fresh.has(accepted.id), () => {
      return `${accepted.id} was accepted twice as new under the key ${key}`;
    });
    if (!accepted.duplicate) promises.fresh.add(accepted.id);
    await this.accepted(accepted.id);
  }

  /** The same key with another body. */
  private async conflict(key: string, body: Record<string, unknown>): Promise<void> {
    const other = { ...body, idempotencyKey: key, metadata: { another: 'body' } };
    const known = this.parts.promises.keyed.get(key)?.id;
    const accepted = await this.ask(subjects.task('submit'), other, Accepted, true);
    this.parts.findings.holds(1, accepted === undefined || known === undefined, () => {
      return `another body under the key ${key} of ${known} was accepted as ${accepted?.id}`;
    });
    // It came before the first one: then that one is the conflict.
    if (accepted) this.parts.promises.acknowledged.add(accepted.id);
  }

  private checkKey(key: string, { id }: Accepted): void {
    const entry = this.parts.promises.keyed.get(key);
    if (!entry) return;
    this.parts.findings.holds(1, entry.id === undefined || entry.id === id, () => {
      return `the key ${key} met ${entry.id} before, and now ${id}`;
    });
    entry.id = id;
  }

  private async submitBatch(): Promise<void> {
    const { process, promises } = this.parts;
    const { random, clock } = process;
    const size = wholeBetween(random, 1, BATCH);
    const keyed = chance(random, 0.5);
    const tasks = Array.from({ length: size }, () => {
      const body = submission(random, clock.now());
      if (!keyed) return body;
      const key = `key-${promises.keyed.size}`;
      promises.keyed.set(key, { kind: 'task', body });
      return { ...body, idempotencyKey: key };
    });
    const reply = await this.ask(subjects.task('submit-batch'), { tasks }, BatchReply, keyed);
    const ids = (reply?.results ?? []).flatMap((each) => ('id' in each ? [each.id] : []));
    await Promise.all(ids.map((id) => this.accepted(id)));
  }

  private async submitWorkflow(): Promise<void> {
    const { process, promises } = this.parts;
    const key = `key-${promises.keyed.size}`;
    const body = workflow(process.random);
    promises.keyed.set(key, { kind: 'workflow', body });
    const accepted = await this.ask(
      subjects.workflow('submit'),
      { ...body, idempotencyKey: key },
      Accepted,
      true,
    );
    if (!accepted) return;
    promises.acknowledged.add(accepted.id);
    await this.tellSubmitted(accepted.id);
  }

  /** Signals and approvals also come before their step is reached, and where none waits for them. */
  private async tellSubmitted(id: string): Promise<void> {
    const { random, clock } = this.parts.process;
    const later = (most: number): Promise<void> => delay(clock, between(random, 0, most));
    if (chance(random, 0.15)) {
      await later(800);
      return void (await this.tellRun('cancel', { id }));
    }
    if (chance(random, 0.15)) {
      await later(600);
      await this.tellRun('pause', { id });
      await later(1_500);
      await this.tellRun('resume', { id });
    }
    if (chance(random, 0.25)) this.begin(() => this.fork(id));
    if (!chance(random, 0.5)) return;
    await later(1_000);
    if (await this.tellRun('signal', { id, name: 'go' })) this.checkTold(id, 'workflow.signalled');
    for (let step = 0; step < 5; step += 1) {
      const told = await this.tellRun('approve', { id, step: `s${step}`, approved: chance(random, 0.8) });
      if (told) this.checkTold(id, 'task.signalled', `s${step}`);
    }
  }

  /** @returns whether it was taken */
  private async tellRun(verb: string, body: Record<string, unknown>): Promise<boolean> {
    return (await this.ask(subjects.workflow(verb), body, z.object({}), true)) !== undefined;
  }

  /** 1: what was answered is committed. */
  private checkTold(id: string, type: string, step?: string): void {
    const { findings, ledger } = this.parts;
    const history = ledger.histories.get(id) ?? [];
    findings.holds(
      1,
      history.some((event) => event.type === type && event.step === step),
      () => {
        return `${id} was told something that was taken, and its history has no ${type} ${step ?? ''}`;
      },
    );
  }

  /** Goes on from some point of a run, which may have ended or not; twice under one key gives one run. */
  private async fork(id: string): Promise<void> {
    const { process, promises, findings } = this.parts;
    const { random } = process;
    const from = pick(random, [
      {},
      { from: { failed: true } },
      { from: { steps: ['s1'] } },
      { from: { event: wholeBetween(random, 0, 30) } },
    ]);
    await delay(process.clock, between(random, 0, 3_000));
    const body = { id, ...from, idempotencyKey: `fork-${process.name}-${id}` };
    const ids: string[] = [];
    for (let asked = 0; asked < 2; asked += 1) {
      const accepted = await this.ask(subjects.workflow('rerun'), body, Accepted, true);
      if (accepted) ids.push(accepted.id);
    }
    for (const run of ids) promises.acknowledged.add(run);
    findings.holds(1, new Set(ids).size <= 1, () => `one fork of ${id} became ${ids.join(' and ')}`);
  }

  /** It is promised; some of what is promised is told something later. */
  private async accepted(id: string): Promise<void> {
    const { process, promises } = this.parts;
    const { random, clock } = process;
    promises.acknowledged.add(id);
    const later = (most: number): Promise<void> => delay(clock, between(random, 0, most));
    await pickWeighted<() => Promise<void>>(random, [
      [50, async () => undefined],
      [10, async () => later(600).then(() => this.tell('cancel', { id }))],
      [8, async () => this.pauseForAWhile(id, later)],
      [6, async () => later(1_500).then(() => this.tell('signal', { id, name: 'go' }))],
      [6, async () => later(3_000).then(() => this.retry(id))],
      [3, async () => later(2_000).then(() => this.rerun(id))],
      [10, async () => this.follow(id)],
    ])();
  }

  private async pauseForAWhile(id: string, later: (most: number) => Promise<void>): Promise<void> {
    await later(300);
    await this.tell('pause', { id });
    await later(2_000);
    await this.tell('resume', { id });
  }

  /** By turns in each of the ways that there are; a redrive has the same key whoever asks. */
  private async retry(id: string): Promise<void> {
    this.parts.ledger.retriable.add(id);
    this.retries += 1;
    if (this.retries % 3 === 0) return this.settle('purge', { ids: [id] });
    if (this.retries % 3 === 1) return this.redrive(id);
    await this.tell('retry', { id });
  }

  /** Under one key when it has ended, and again when it has ended again: only the first may open it. */
  private async redrive(id: string): Promise<void> {
    for (let asked = 0; asked < 3; asked += 1) {
      await this.follow(id);
      await this.settle('redrive', { ids: [id], idempotencyKey: `redrive-${id}` });
    }
  }

  private async settle(verb: 'redrive' | 'purge', body: object): Promise<void> {
    await this.ask(subjects.deadLetter(verb), body, DeadLetterReply, true);
  }

  private async rerun(id: string): Promise<void> {
    const key = `rerun-${this.parts.process.name}-${id}`;
    const accepted = await this.ask(subjects.task('rerun'), { id, idempotencyKey: key }, Accepted, true);
    if (accepted) this.parts.promises.acknowledged.add(accepted.id);
  }

  /** Waits for the end, and checks what it is told: an end that is told is committed. */
  private async follow(id: string): Promise<void> {
    const seen = z.object({ id: z.string(), state: z.string() });
    const told = await this.ask(subjects.task('get'), { id, waitMs: 1_000 }, seen, true);
    if (!told || !isTerminal(told.state)) return;
    const { ledger, findings } = this.parts;
    findings.holds(1, ledger.ended(id) || ledger.retriable.has(id), () => {
      return `a client was told that ${id} is ${told.state}, it is ${ledger.tasks.get(id)?.state}`;
    });
  }

  private async tell(verb: string, body: { id: string; name?: string }): Promise<void> {
    await this.ask(subjects.task(verb), body, z.unknown(), true);
  }

  /** @returns undefined where it was refused, or where nobody knows */
  private async ask<S extends z.ZodType>(
    subject: string,
    body: unknown,
    reply: S,
    repeatable: boolean,
  ): Promise<z.output<S> | undefined> {
    const { bus, process, findings } = this.parts;
    for (let failures = 1; ; failures += 1) {
      try {
        return await bus.request(subject, body, { reply, timeoutMs: REQUEST_MS });
      } catch (error) {
        if (!(error instanceof MultiswarmError)) throw error;
        findings.holds(0, error.code !== 'internal', () => `${subject} was answered with ${error.message}`);
        if (!error.retryable || !repeatable) return undefined;
        await delay(process.clock, backoffMs(BACKOFF, failures, process.random));
      }
    }
  }
}

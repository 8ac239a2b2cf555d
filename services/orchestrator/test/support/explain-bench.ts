import { Explanation, isTerminal, type Event } from '@multiswarm/contracts';
import { deferred } from '@multiswarm/core';
import { eventually } from '@multiswarm/testing';
import { World, type Replica } from './world';

/** Two replicas of one region, tasks that do not outlive their test, and what is said of them. */
export class ExplainBench {
  private started: { world: World; one: Replica; two: Replica } | undefined;
  /** Of this test, in their order. */
  readonly submitted: string[] = [];
  private readonly endings: (() => unknown)[] = [];

  async start(): Promise<void> {
    const world = await World.start();
    const one = await world.replica({ ORCHESTRATOR_REGIONS: 'eu-west' });
    const two = await world.replica({ ORCHESTRATOR_REGIONS: 'eu-west' });
    this.started = { world, one, two };
  }

  async stop(): Promise<void> {
    await this.started?.world.stop();
  }

  get world(): World {
    return this.parts.world;
  }
  get one(): Replica {
    return this.parts.one;
  }
  get two(): Replica {
    return this.parts.two;
  }

  private get parts(): { world: World; one: Replica; two: Replica } {
    if (!this.started) throw new Error('not started');
    return this.started;
  }

  /** What a test leaves waiting would be placed in the next one. */
  async cleanUp(): Promise<void> {
    for (const ending of this.endings.splice(0)) await ending();
    for (const id of this.submitted.splice(0)) {
      const { state } = await this.one.task(id);
      if (!isTerminal(state)) await this.one.call('POST', `/v1/tasks/${id}/cancel`);
      await this.one.ended(id);
    }
    await this.world.allSlotsBack();
    await this.world.dismissSwarms();
  }

  async submit(body: Record<string, unknown>): Promise<string> {
    const id = await this.one.submit(body);
    this.submitted.push(id);
    return id;
  }

  /** Submits a task and waits until a swarm runs it. */
  async running(body: Record<string, unknown> = {}): Promise<string> {
    const id = await this.submit(body);
    await this.one.inState(id, 'running');
    return id;
  }

  /** Submits a task and waits until it has ended. */
  async ended(body: Record<string, unknown>): Promise<string> {
    const id = await this.submit(body);
    await this.one.ended(id);
    return id;
  }

  /** Somebody's answers wait until the test is over. */
  holdBack(who: { answersAfter: Promise<unknown> | undefined }): void {
    const { promise, resolve } = deferred<void>();
    who.answersAfter = promise;
    this.atEnd(() => {
      who.answersAfter = undefined;
      resolve();
    });
  }

  /** Before the tasks of the test are cancelled. */
  atEnd(ending: () => unknown): void {
    this.endings.push(ending);
  }

  /** Until the clock shows so much more. */
  passed(ms: number): Promise<unknown> {
    const from = Date.now();
    return eventually(() => Date.now() >= from + ms, { describe: () => `${ms} ms passing` });
  }

  async limit(settings: object): Promise<void> {
    expect((await this.one.call('PUT', '/v1/namespaces/limited', settings)).status).toBe(200);
  }

  async explained(id: string, replica = this.one): Promise<Explanation> {
    const { status, body } = await replica.call('GET', `/v1/tasks/${id}/explain`);
    expect(status).toBe(200);
    return Explanation.parse(body);
  }

  explainedAs(id: string, reason: Explanation['why']['reason'], replica = this.one): Promise<Explanation> {
    let last: Explanation | undefined;
    return eventually(
      async () => {
        last = await this.explained(id, replica);
        const isCounted = last.why.limits?.every((each) => each.isCounted) ?? true; // shards move in the beginning
        return last.why.reason === reason && isCounted ? last : undefined;
      },
      { timeoutMs: 30_000, describe: () => `${id} being explained as ${reason}: ${JSON.stringify(last)}` },
    );
  }

  async eventsOf(id: string): Promise<Event[]> {
    return ((await this.one.call('GET', `/v1/tasks/${id}/events`)).body as { items: Event[] }).items;
  }
}

/** Of an agent that never ends by itself. */
export const busy = (): undefined => undefined;

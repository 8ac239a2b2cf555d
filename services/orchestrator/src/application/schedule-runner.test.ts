import { MultiswarmError, type Overlap, type WorkflowState } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { turns } from '@multiswarm/testing';
import { MemoryScheduleStore } from '../../test/support/memory-schedule-store';
import { noMeters } from '../../test/support/builders';
import { wakeAt } from '../domain/schedule/advance';
import { backfilled, paused, triggered } from '../domain/schedule/asked';
import { newState, type ScheduleState } from '../domain/schedule/schedule';
import type { ScheduledRuns, ScheduleStore, StoredSchedule } from '../schedule-ports';
import { ScheduleRunner } from './schedule-runner';
import { conductOf } from './schedule-terms';

const MINUTE = 60_000;
/** A whole hour. */
const T0 = 1_767_600_000_000;
const OF = { namespace: 'shop', name: 'x' };
const logger = createLogger({ service: 'test', level: 'silent' });

/** What counts the awaits of everything that a runner does outside, and stops it for ever at one of them. */
class Crashes {
  calls = 0;
  /** At this call: its effect is there and nobody hears of it. To the world that is the same as just before the next one. */
  at = 0;
  happened = false;

  async around<T>(act: () => Promise<T>): Promise<T> {
    this.calls += 1;
    if (this.happened) return never();
    if (this.calls !== this.at) return act();
    this.happened = true;
    await act();
    return never();
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** The runs of all schedules, with idempotency keys as the owners of shards have them. */
class Runs implements ScheduledRuns {
  readonly states = new Map<string, WorkflowState>();
  readonly cancelled: string[] = [];
  submissions = 0;
  fault: ((at: number) => MultiswarmError | undefined) | undefined;
  private readonly listeners = new Map<string, Set<() => void>>();

  submit(_schedule: StoredSchedule, at: number): Promise<string> {
    const fault = this.fault?.(at);
    if (fault) return Promise.reject(fault);
    this.submissions += 1;
    const id = idOf(at);
    if (!this.states.has(id)) this.states.set(id, 'running');
    return Promise.resolve(id);
  }

  state(id: string): Promise<WorkflowState | undefined> {
    return Promise.resolve(this.states.get(id));
  }

  cancel(id: string): Promise<void> {
    this.cancelled.push(id);
    this.end(id, 'cancelled');
    return Promise.resolve();
  }

  onEnd(id: string, heard: () => void): () => void {
    const set = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, set.add(heard));
    return () => set.delete(heard);
  }

  end(id: string, state: WorkflowState = 'succeeded'): void {
    if (this.states.get(id) !== 'running') return;
    this.states.set(id, state);
    for (const heard of [...(this.listeners.get(id) ?? [])]) heard();
  }

  get running(): string[] {
    return [...this.states].flatMap(([id, state]) => (state === 'running' ? [id] : []));
  }
}

function idOf(at: number): string {
  return `run ${(at - T0) / MINUTE}`;
}

class World {
  readonly clock = new ManualClock(T0 + 1);
  readonly store = new MemoryScheduleStore();
  readonly runs = new Runs();
  private readonly open: ScheduleRunner[] = [];

  async make(
    overlap: Overlap,
    over: Partial<StoredSchedule['body']> = {},
    state = newState(T0),
  ): Promise<void> {
    const made = {
      ...OF,
      body: {
        ...{ cron: '* * * * *', timeZone: 'UTC', overlap, jitterMs: 0, catchUpMs: 3_600_000 },
        workflow: { definition: 'report' },
        ...{ createdAt: '', updatedAt: '', requestedBy: 'ann' },
        ...over,
      },
      state,
    };
    await this.store.create(made, wakeAt(conductOf(made), state, this.clock.now()));
  }

  /** A process takes office: whoever was in it before does not know yet. */
  takeOffice(crashes = new Crashes(), holds = (): boolean => true): ScheduleRunner {
    const epoch = (this.store.epoch += 1);
    const { store, runs, clock } = this;
    const around = <T>(act: () => Promise<T>): Promise<T> => crashes.around(act);
    const through: ScheduleStore = {
      create: (...given) => store.create(...given),
      list: (...given) => store.list(...given),
      remove: (of) => store.remove(of),
      get: (of) => around(() => store.get(of)),
      change: (...given) => around(() => store.change(...given)),
      soonest: (limit) => around(() => store.soonest(limit)),
    };
    const runsThrough: ScheduledRuns = {
      submit: (...given) => around(() => runs.submit(...given)),
      state: (id) => around(() => runs.state(id)),
      cancel: (id) => around(() => runs.cancel(id)),
      onEnd: (id, heard) => runs.onEnd(id, heard),
    };
    const parts = { store: through, runs: runsThrough, clock, logger, meters: noMeters.schedules };
    const runner = new ScheduleRunner({ epoch, holds }, parts);
    this.open.push(runner);
    runner.start();
    return runner;
  }

  async change(change: (state: ScheduleState) => ScheduleState): Promise<void> {
    const stored = (await this.store.get(OF))!;
    const state = change(stored.state);
    const wake = wakeAt(conductOf(stored), state, this.clock.now());
    await this.store.change(OF, { revision: stored.revision, state, wakeAt: wake });
    for (const runner of this.open) runner.wake(OF);
  }

  async state(): Promise<ScheduleState> {
    return (await this.store.get(OF))!.state;
  }

  async pass(ms: number): Promise<void> {
    await turns();
    this.clock.advance(ms);
    await turns(12);
  }

  stop(): void {
    this.open.forEach((runner) => runner.stop());
  }
}

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world.stop());

test('a time starts one run, at its instant and not before', async () => {
  await world.make('skip');
  world.takeOffice();
  await world.pass(MINUTE - 2);
  expect(world.runs.submissions).toBe(0);
  await world.pass(1);
  expect(world.runs.running).toEqual(['run 1']);
  expect(await world.state()).toMatchObject({
    starting: [],
    running: [{ id: 'run 1' }],
    recent: [{ outcome: 'started', id: 'run 1', at: T0 + MINUTE }],
  });
});

test('nothing is asked of the store between two times, but a look each minute', async () => {
  await world.make('allow', { cron: '0 0 1 1 *' });
  const crashes = new Crashes();
  world.takeOffice(crashes);
  await world.pass(0);
  const before = crashes.calls;
  for (let seconds = 0; seconds < 300; seconds += 5) await world.pass(5_000);
  expect(crashes.calls - before).toBe(5);
});

test('what waits for a run starts when it has ended, at once', async () => {
  await world.make('buffer-all');
  world.takeOffice();
  for (let minute = 0; minute < 3; minute += 1) await world.pass(MINUTE);
  expect(world.runs.running).toEqual(['run 1']);
  world.runs.end('run 1');
  await turns(12);
  expect(world.runs.running).toEqual(['run 2']);
  world.runs.end('run 2', 'failed');
  await turns(12);
  expect(world.runs.running).toEqual(['run 3']);
  const { recent } = await world.state();
  expect(recent.map(({ id, state }) => [id, state])).toEqual([
    ['run 1', 'succeeded'],
    ['run 2', 'failed'],
    ['run 3', undefined],
  ]);
});

test('with cancel-other what runs is cancelled, and the newest time starts when it has ended', async () => {
  await world.make('cancel-other');
  world.takeOffice();
  for (let minute = 0; minute < 3; minute += 1) await world.pass(MINUTE);
  expect(world.runs.cancelled).toEqual(['run 1', 'run 2']);
  expect(world.runs.running).toEqual(['run 3']);
});

test('a trigger and a backfill start as soon as the scheduler is told', async () => {
  await world.make('skip');
  world.takeOffice();
  await turns();
  await world.change((state) => triggered(state, { requestedBy: 'bob' }, world.clock.now()).state);
  await turns(12);
  const [first] = world.runs.running;
  expect(world.runs.running).toHaveLength(1);
  const range = { from: new Date(T0 - 2 * MINUTE).toISOString(), to: new Date(T0).toISOString() };
  const stored = (await world.store.get(OF))!;
  await world.change(
    (state) =>
      backfilled(
        state,
        conductOf(stored).times,
        { ...range, overlap: 'buffer-all', requestedBy: 'ann' },
        world.clock.now(),
      ).state,
  );
  for (const id of [first!, 'run -2', 'run -1', 'run 0']) {
    await turns(12);
    expect(world.runs.running).toEqual([id]);
    world.runs.end(id);
  }
  await turns(12);
  expect((await world.state()).backfills).toEqual([]);
});

test('while the services are away a time waits, and starts when they are back', async () => {
  await world.make('skip');
  world.takeOffice();
  world.runs.fault = () => new MultiswarmError('shard-unavailable', 'nobody has the shard');
  await world.pass(MINUTE);
  expect(await world.state()).toMatchObject({ starting: [{ at: T0 + MINUTE }], recent: [] });
  world.runs.fault = undefined;
  await world.pass(1_000);
  expect(world.runs.running).toEqual(['run 1']);
});

test('what one was to start is started by the next, whatever the schedule has become meanwhile', async () => {
  await world.make('skip');
  const first = world.takeOffice();
  world.runs.fault = () => new MultiswarmError('store-unavailable', 'Redis does not answer');
  await world.pass(MINUTE);
  first.stop();
  await world.change((state) => paused(state, { note: '', requestedBy: 'ann' }, world.clock.now()));
  world.runs.fault = undefined;
  await world.pass(2 * 60 * MINUTE); // longer than anything is made up for
  world.takeOffice();
  await turns(12);
  expect(world.runs.running).toEqual(['run 1']);
  expect((await world.state()).recent).toMatchObject([{ outcome: 'started', id: 'run 1' }]);
});

test('a run that is refused for good is noted with why, and the next time comes', async () => {
  await world.make('skip');
  world.takeOffice();
  world.runs.fault = (at) =>
    at === T0 + MINUTE ? new MultiswarmError('definition-not-found', 'there is none') : undefined;
  await world.pass(MINUTE);
  await world.pass(MINUTE);
  expect((await world.state()).recent).toMatchObject([
    { outcome: 'failed', error: { code: 'definition-not-found' } },
    { outcome: 'started', id: 'run 2' },
  ]);
});

test('who is not in office any more starts nothing, though nobody has told it', async () => {
  await world.make('allow');
  let holds = true;
  world.takeOffice(new Crashes(), () => holds);
  await world.pass(MINUTE);
  holds = false;
  await world.pass(MINUTE);
  expect(world.runs.running).toEqual(['run 1']);
  holds = true; // its clock stood still: it believes that it is in office, and the store knows better
  world.store.epoch += 1;
  await world.pass(MINUTE);
  expect(world.runs.running).toEqual(['run 1']);
  world.takeOffice();
  await turns(12);
  expect(world.runs.running).toEqual(['run 1', 'run 2', 'run 3']);
});

test('two that both believe to be in office start each time once', async () => {
  await world.make('allow');
  const { submit } = world.runs;
  const seen: number[] = [];
  world.runs.submit = (schedule, at) => (seen.push(at), submit.call(world.runs, schedule, at));
  world.takeOffice();
  world.takeOffice();
  for (let minute = 0; minute < 5; minute += 1) await world.pass(MINUTE);
  expect(seen.map(idOf)).toEqual(['run 1', 'run 2', 'run 3', 'run 4', 'run 5']);
});

/** Everything at once: times, a trigger, ends, a backfill and a pause. @returns what has come of it */
async function story(overlap: Overlap, crash: number): Promise<{ calls: number; happened: boolean }> {
  world = new World();
  await world.make(overlap);
  const crashes = new Crashes();
  crashes.at = crash;
  let runner = world.takeOffice(crashes);
  const settle = async (): Promise<void> => {
    await turns(9);
    if (!crashes.happened || world.store.epoch > 1) return;
    runner.stop();
    runner = world.takeOffice();
    await turns(9);
  };
  const pass = async (ms: number): Promise<void> => {
    world.clock.advance(ms);
    await settle();
  };
  await settle();
  await pass(MINUTE);
  await pass(MINUTE);
  await world.change((state) => triggered(state, { requestedBy: 'bob' }, world.clock.now()).state);
  await settle();
  for (const id of world.runs.running) world.runs.end(id);
  await settle();
  await pass(MINUTE);
  const stored = (await world.store.get(OF))!;
  const range = { from: new Date(T0 - MINUTE).toISOString(), to: new Date(T0).toISOString() };
  await world.change(
    (state) =>
      backfilled(
        state,
        conductOf(stored).times,
        { ...range, overlap: 'buffer-all', requestedBy: 'ann' },
        world.clock.now(),
      ).state,
  );
  await settle();
  await world.change((state) => paused(state, { note: '', requestedBy: 'ann' }, world.clock.now()));
  for (let round = 0; round < 6; round += 1) {
    for (const id of world.runs.running) world.runs.end(id);
    await settle();
    // Whoever takes over while something waits looks by itself, too.
    await pass(1_000);
  }
  return crashes;
}

test.each(['buffer-all', 'cancel-other', 'allow'] as const)(
  'with %s a scheduler that dies at any await loses no time, and starts none twice',
  async (overlap) => {
    const { calls } = await story(overlap, 0);
    const expected = await outcome();
    expect(expected.fires.length).toBeGreaterThanOrEqual(5);
    for (let call = 1; call <= calls; call += 1) {
      const crash = await story(overlap, call);
      expect(crash.happened).toBe(true);
      expect({ call, ...(await outcome()) }).toEqual({ call, ...expected });
      world.stop();
    }
  },
  60_000,
);

/** What must not depend on who has done it: which times were decided how, and which runs there are. */
async function outcome(): Promise<{ fires: string[]; runs: string[]; open: unknown }> {
  const { recent, starting, waiting, asked, backfills, running } = await world.state();
  return {
    fires: recent.map(({ at, cause, outcome: came }) => `${idOf(at)} ${cause} ${came}`).sort(),
    runs: [...world.runs.states.keys()].sort(),
    open: { starting, waiting, asked, backfills, running },
  };
}

import {
  MultiswarmError,
  type AttemptReport,
  type DispatchOutcome,
  type DispatchRequest,
} from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { dispatchOf, heartbeat } from '../../test/support/builders';
import { pass, turns } from '../../test/support/turns';
import type { Owners, Swarms } from '../ports';
import { Coordinator } from './coordinator';

const T1 = 't0-00000001';
const T2 = 't1-00000002';

class FakeSwarms implements Swarms {
  dispatched: string[] = [];
  dismissed: string[] = [];
  cancelled: string[] = [];
  answer: (taskId: string) => DispatchOutcome['outcome'] | Error | undefined = () => 'accepted';

  async dispatch(
    swarmId: string,
    _shard: number,
    _epoch: number,
    attempts: { taskId: string; attempt: number }[],
  ): Promise<DispatchOutcome[]> {
    this.dispatched.push(...attempts.map(({ taskId, attempt }) => `${swarmId} ${taskId}#${attempt}`));
    await Promise.resolve();
    return attempts.map(({ taskId, attempt }) => {
      const outcome = this.answer(taskId);
      if (outcome instanceof Error) throw outcome;
      return { taskId, attempt, outcome: outcome ?? 'accepted' };
    });
  }

  cancel(swarmId: string, attempts: { taskId: string }[]): Promise<void> {
    this.cancelled.push(...attempts.map(({ taskId }) => `${swarmId} ${taskId}`));
    return Promise.resolve();
  }

  dismiss(swarmId: string, instance: string, reason: string): void {
    this.dismissed.push(`${swarmId} ${instance}: ${reason}`);
  }
}

class FakeOwners implements Owners {
  reports: { shard: number; swarmId: string; reports: AttemptReport[] }[] = [];
  away = 0;

  report(shard: number, swarmId: string, reports: AttemptReport[]): Promise<void> {
    if (this.away-- > 0) return Promise.reject(new Error('no owner'));
    this.reports.push({ shard, swarmId, reports });
    return Promise.resolve();
  }

  lost(): string[] {
    return this.reports.flatMap(({ shard, reports }) =>
      reports.map(({ taskId, attempt, outcome }) => `${shard} ${taskId}#${attempt} ${outcome}`),
    );
  }
}

function bench(maxSwarms = 10) {
  const swarms = new FakeSwarms();
  const owners = new FakeOwners();
  const clock = new ManualClock();
  const logger = createLogger({ service: 'orchestrator', level: 'silent' });
  const options = { region: 'eu-west', epoch: 1, shards: 4, maxSwarms };
  const coordinator = new Coordinator(options, swarms, owners, clock, logger);
  return { swarms, owners, clock, coordinator };
}

function request(epoch: number, ...attempts: ReturnType<typeof dispatchOf>[]): DispatchRequest {
  return { v: 1, shard: 0, epoch, attempts };
}

test('a dispatch goes to the swarms that are named, and their answers come back', async () => {
  const { swarms, coordinator } = bench();
  coordinator.observe(heartbeat());
  coordinator.observe(heartbeat({ swarmId: 'b' }));
  swarms.answer = (taskId) => (taskId === T2 ? 'refused' : 'accepted');
  const outcomes = await coordinator.dispatch(
    request(1, dispatchOf(T1), dispatchOf(T2, 3, { swarmId: 'b' })),
  );
  expect(outcomes).toEqual([
    { taskId: T1, attempt: 1, outcome: 'accepted' },
    { taskId: T2, attempt: 3, outcome: 'refused' },
  ]);
  expect(swarms.dispatched).toEqual([`a ${T1}#1`, `b ${T2}#3`]);
});

test('a dispatch of an older epoch of the shard is refused, one of the same or a newer is not', async () => {
  const { coordinator } = bench();
  coordinator.observe(heartbeat());
  await coordinator.dispatch(request(5, dispatchOf(T1)));
  await expect(coordinator.dispatch(request(4, dispatchOf(T1)))).rejects.toMatchObject({
    code: 'stale-epoch',
  });
  await expect(coordinator.dispatch(request(5, dispatchOf(T1)))).resolves.toHaveLength(1);
  await expect(coordinator.dispatch({ ...request(1, dispatchOf(T2)), shard: 1 })).resolves.toHaveLength(1);
});

test('a swarm that is not here, or that nobody listens for, has surely not begun: refused; silence may have: unreachable', async () => {
  const { swarms, coordinator } = bench();
  const outcomeOf = async (taskId: string): Promise<DispatchOutcome | undefined> =>
    (await coordinator.dispatch(request(1, dispatchOf(taskId))))[0];
  expect(await outcomeOf(T1)).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining('not a member'),
  });
  coordinator.observe(heartbeat());
  swarms.answer = () => new MultiswarmError('bus-unavailable', 'nobody listens');
  expect(await outcomeOf(T1)).toMatchObject({ outcome: 'refused' });
  swarms.answer = () => new MultiswarmError('timeout', 'no answer');
  expect(await outcomeOf(T1)).toMatchObject({ outcome: 'unreachable' });
  expect(coordinator.summary().held).toEqual([]);
});

test('a swarm that restarts loses what it listed and what was sent but not yet listed, each once', async () => {
  const { owners, coordinator } = bench();
  coordinator.observe(heartbeat());
  await coordinator.dispatch(request(1, dispatchOf(T1), dispatchOf(T2, 2)));
  coordinator.observe(heartbeat({ seq: 2, held: [{ taskId: T1, attempt: 1 }] }));
  coordinator.observe(heartbeat({ instance: 'i2', seq: 0, sentAt: 5 }));
  await turns();
  expect(owners.lost().sort()).toEqual([`0 ${T1}#1 lost`, `1 ${T2}#2 lost`]);
  coordinator.observe(heartbeat({ instance: 'i3', seq: 0, sentAt: 6 }));
  await turns();
  expect(owners.lost()).toHaveLength(2);
});

test('a late heartbeat of the instance before costs the new one nothing', async () => {
  const { owners, swarms, coordinator } = bench();
  coordinator.observe(heartbeat({ sentAt: 1 }));
  coordinator.observe(heartbeat({ instance: 'i2', sentAt: 10 }));
  await coordinator.dispatch(request(1, dispatchOf(T1)));
  coordinator.observe(heartbeat({ seq: 2, sentAt: 2 }));
  coordinator.observe(heartbeat({ instance: 'i2', seq: 2, sentAt: 11, held: [{ taskId: T1, attempt: 1 }] }));
  await turns();
  expect(owners.lost()).toEqual([]);
  expect(swarms.dismissed).toEqual([expect.stringContaining('a i1: a newer process')]);
  expect(coordinator.summary().held).toEqual([{ taskId: T1, attempt: 1 }]);
});

test('an attempt that was sent counts as held until the swarm had time to list it', async () => {
  const { coordinator } = bench();
  coordinator.observe(heartbeat());
  await coordinator.dispatch(request(1, dispatchOf(T1)));
  coordinator.observe(heartbeat({ seq: 2 }));
  expect(coordinator.summary().held).toEqual([{ taskId: T1, attempt: 1 }]);
  coordinator.observe(heartbeat({ seq: 3 }));
  expect(coordinator.summary().held).toEqual([]);
});

test('a silent swarm loses all that it held, and gets no more work', async () => {
  const { owners, clock, coordinator } = bench();
  coordinator.observe(heartbeat({ held: [{ taskId: T2, attempt: 7 }] }));
  await coordinator.dispatch(request(1, dispatchOf(T1)));
  clock.advance(2_999);
  coordinator.tick();
  await turns();
  expect(owners.lost()).toEqual([]);
  clock.advance(1);
  coordinator.tick();
  await turns();
  expect(owners.lost().sort()).toEqual([`0 ${T1}#1 lost`, `1 ${T2}#7 lost`]);
  expect((await coordinator.dispatch(request(1, dispatchOf(T1, 2))))[0]?.outcome).toBe('refused');
});

test('a loss is reported again and again until its owner has taken it', async () => {
  const { owners, clock, coordinator } = bench();
  owners.away = 6;
  coordinator.observe(heartbeat({ held: [{ taskId: T1, attempt: 1 }] }));
  coordinator.observe(heartbeat({ seq: 2, state: 'stopped', held: [{ taskId: T1, attempt: 1 }] }));
  await pass(clock, 60_000, 100);
  expect(owners.lost()).toEqual([`0 ${T1}#1 lost`]);
});

test('a coordinator that lost its region reports nothing more', async () => {
  const { owners, clock, coordinator } = bench();
  owners.away = 3;
  coordinator.observe(heartbeat({ held: [{ taskId: T1, attempt: 1 }] }));
  coordinator.observe(heartbeat({ seq: 2, state: 'stopped', held: [{ taskId: T1, attempt: 1 }] }));
  await turns();
  coordinator.stop();
  await pass(clock, 60_000, 1_000);
  expect(owners.lost()).toEqual([]);
});

test('a swarm over the limit is told so, gets no work, and is let in when there is room', async () => {
  const { swarms, clock, coordinator } = bench(1);
  coordinator.observe(heartbeat());
  coordinator.observe(heartbeat({ swarmId: 'b', instance: 'ib' }));
  expect(swarms.dismissed).toEqual([
    expect.stringMatching(/^b ib: region eu-west has its 1 swarms \(MAX_SWARMS_PER_REGION\)/),
  ]);
  expect((await coordinator.dispatch(request(1, dispatchOf(T1, 1, { swarmId: 'b' }))))[0]?.outcome).toBe(
    'refused',
  );
  clock.advance(10_000);
  coordinator.tick();
  coordinator.observe(heartbeat({ swarmId: 'b', seq: 2 }));
  expect((await coordinator.dispatch(request(1, dispatchOf(T1, 2, { swarmId: 'b' }))))[0]?.outcome).toBe(
    'accepted',
  );
});

test('a cancellation goes to the swarm', async () => {
  const { swarms, coordinator } = bench();
  await coordinator.cancel('a', [{ taskId: T1, attempt: 1, reason: 'enough' }]);
  expect(swarms.cancelled).toEqual([`a ${T1}`]);
});

import {
  MultiswarmError,
  type AttemptDispatch,
  type AttemptRef,
  type ControlRequest,
  type DispatchOutcome,
  type DispatchRequest,
} from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import { dispatchOf } from '../../test/support/builders';
import type { Regions } from '../ports';
import { Dispatcher } from './dispatcher';

const GIVE_UP_MS = 10_000;

class FakeRegions implements Regions {
  calls: { region: string; attempts: AttemptDispatch[]; regionEpoch: number | undefined }[] = [];
  cancels: (AttemptRef & { reason: string })[] = [];
  away: (region: string) => boolean = () => false;
  fault = new Error('no answer');

  async dispatch(
    region: string,
    { attempts, regionEpoch, ...envelope }: DispatchRequest,
  ): Promise<DispatchOutcome[]> {
    expect(envelope).toEqual({ v: 1, shard: 0, epoch: 1, reportTo: 'reports' });
    this.calls.push({ region, attempts, regionEpoch });
    await Promise.resolve();
    if (this.away(region)) throw this.fault;
    return attempts.map(({ taskId, attempt }) => ({ taskId, attempt, outcome: 'accepted' }));
  }

  control(region: string, _swarmId: string, control: ControlRequest): Promise<void> {
    if (this.away(region)) return Promise.reject(this.fault);
    if (control.kind === 'cancel') this.cancels.push(...control.attempts);
    return Promise.resolve();
  }
}

function bench(epochOf: (region: string) => number | undefined = () => 1) {
  const regions = new FakeRegions();
  const clock = new ManualClock();
  const outcomes: DispatchOutcome[] = [];
  const faults: unknown[] = [];
  const dispatcher = new Dispatcher(
    { shard: 0, epoch: 1, reportTo: 'reports', giveUpMs: GIVE_UP_MS, epochOf },
    regions,
    clock,
    {
      outcomes: (each) => void outcomes.push(...each),
      fault: (fault) => void faults.push(fault),
    },
  );
  return { regions, clock, outcomes, faults, dispatcher };
}

test('attempts of one turn go to their regions in one message each', async () => {
  const { regions, outcomes, dispatcher } = bench();
  dispatcher.send('eu-west', dispatchOf('t1'));
  dispatcher.send('us-east', dispatchOf('t2'));
  dispatcher.send('eu-west', dispatchOf('t3'));
  await turns();
  expect(regions.calls.map(({ region, attempts }) => [region, attempts.map(({ taskId }) => taskId)])).toEqual(
    [
      ['eu-west', ['t1', 't3']],
      ['us-east', ['t2']],
    ],
  );
  expect(outcomes).toHaveLength(3);
});

test('without an answer the same attempt is sent again until there is one', async () => {
  const { regions, clock, outcomes, dispatcher } = bench();
  regions.away = () => true;
  dispatcher.send('eu-west', dispatchOf('t1', 4));
  await pass(clock, 5_000);
  expect(regions.calls.length).toBeGreaterThan(3);
  expect(new Set(regions.calls.flatMap(({ attempts }) => attempts.map(({ attempt }) => attempt)))).toEqual(
    new Set([4]),
  );
  expect(outcomes).toEqual([]);
  regions.away = () => false;
  await pass(clock, 1_000);
  expect(outcomes).toEqual([{ taskId: 't1', attempt: 4, outcome: 'accepted' }]);
});

test('it gives up after the time of an attempt lease: unreachable, once, with the reason', async () => {
  const { regions, clock, outcomes, faults, dispatcher } = bench();
  regions.away = () => true;
  dispatcher.send('eu-west', dispatchOf('t1'));
  await pass(clock, 3 * GIVE_UP_MS, 500);
  expect(outcomes).toEqual([
    {
      taskId: 't1',
      attempt: 1,
      outcome: 'unreachable',
      reason: 'region eu-west did not answer for 10000 ms',
    },
  ]);
  expect(faults).toHaveLength(1);
  expect(clock.monotonic()).toBeGreaterThan(GIVE_UP_MS);
});

test('what nobody can have received when it gives up is refused, not lost: it has begun nowhere', async () => {
  const { regions, clock, outcomes, dispatcher } = bench();
  regions.away = () => true;
  regions.fault = new MultiswarmError('region-unavailable', 'region eu-west has no coordinator right now');
  dispatcher.send('eu-west', dispatchOf('t1'));
  await pass(clock, 3 * GIVE_UP_MS, 500);
  const reason = 'region eu-west has no coordinator right now';
  expect(outcomes).toEqual([{ taskId: 't1', attempt: 1, outcome: 'refused', reason }]);
});

test('what one coordinator may have received is lost, also if nobody is there later', async () => {
  const { regions, clock, outcomes, dispatcher } = bench();
  regions.away = () => true;
  dispatcher.send('eu-west', dispatchOf('t1'));
  await turns();
  regions.fault = new MultiswarmError('region-unavailable', 'region eu-west has no coordinator right now');
  await pass(clock, 3 * GIVE_UP_MS, 500);
  expect(outcomes).toMatchObject([{ taskId: 't1', attempt: 1, outcome: 'unreachable' }]);
});

test('a region that does not answer holds up neither another one nor the next attempts of its own', async () => {
  const { regions, clock, outcomes, dispatcher } = bench();
  regions.away = (region) => region === 'us-east';
  dispatcher.send('us-east', dispatchOf('t1'));
  await turns();
  dispatcher.send('eu-west', dispatchOf('t2'));
  await turns();
  expect(outcomes.map(({ taskId }) => taskId)).toEqual(['t2']);
  regions.away = () => false;
  dispatcher.send('us-east', dispatchOf('t3'));
  await turns();
  expect(outcomes.map(({ taskId }) => taskId)).toEqual(['t2', 't3']);
  await pass(clock, 2_000);
  expect(outcomes.map(({ taskId }) => taskId)).toEqual(['t2', 't3', 't1']);
});

test('a message stays under what NATS carries', async () => {
  const { regions, outcomes, dispatcher } = bench();
  for (let index = 0; index < 12; index += 1)
    dispatcher.send('eu-west', dispatchOf(`t${index}`, 1, { input: 'x'.repeat(200_000) }));
  await turns(20);
  expect(outcomes).toHaveLength(12);
  for (const { attempts } of regions.calls) expect(JSON.stringify(attempts).length).toBeLessThan(1024 * 1024);
});

test('a cancellation is repeated for a while, then left to the loss of the attempt', async () => {
  const { regions, clock, faults, dispatcher } = bench();
  regions.away = () => true;
  const ref = { taskId: 't1', attempt: 1, reason: 'enough' };
  dispatcher.cancel('eu-west', 'a', ref);
  await pass(clock, 2_000);
  regions.away = () => false;
  await pass(clock, 2_000);
  expect(regions.cancels).toEqual([ref]);
  regions.away = () => true;
  dispatcher.cancel('eu-west', 'a', { ...ref, taskId: 't2' });
  await pass(clock, 2 * GIVE_UP_MS, 500);
  expect(faults).toHaveLength(1);
});

describe('X1: a dispatch that has to be repeated', () => {
  const twice = async (epochs: (number | undefined)[], fault: Error) => {
    const left = [...epochs];
    const made = bench(() => left.shift());
    made.regions.fault = fault;
    made.regions.away = () => made.regions.calls.length === 1;
    made.dispatcher.send('eu-west', dispatchOf('t1'));
    await pass(made.clock, 1_000);
    return made.regions.calls.map(({ regionEpoch, attempts }) => [regionEpoch, attempts[0]?.again]);
  };
  const timeout = new MultiswarmError('timeout', 'no answer');
  const nobody = new MultiswarmError('region-unavailable', 'no coordinator');

  test('goes to the coordinator that may have received it, whoever has the region now', async () => {
    expect(await twice([4, 5], timeout)).toEqual([
      [4, undefined],
      [4, undefined],
    ]);
  });

  test('is a question when nobody knows which coordinator may have received it', async () => {
    expect(await twice([undefined, 5], timeout)).toEqual([
      [undefined, undefined],
      [undefined, true],
    ]);
  });

  test('goes to the next coordinator when nobody can have received it', async () => {
    expect(await twice([4, 5], nobody)).toEqual([
      [4, undefined],
      [5, undefined],
    ]);
  });
});

import {
  MultiswarmError,
  type AttemptRef,
  type AttemptReport,
  type Grant,
  type ReportReply,
  type ReportRequest,
} from '@multiswarm/contracts';
import { deferred, ManualClock } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import { dispatchOf, placement } from '../../test/support/builders';
import type { Fetched, FreedSlot } from '../ports';
import type { KeptSlots } from './kept-slots';
import { OutputReferences } from './output-references';
import { ReportDesk, type DeskOwner } from './report-desk';
import type { ReportPart, TakenReports } from './owner-reports';
import type { AnswerRoom } from './shard-effects';

const A = 't0-0000000a';
const B = 't1-0000000b';
const NEXT = 't1-000000ff';

/** An owner of one shard, who commits when the test says so. */
class FakeOwner implements DeskOwner {
  readonly taken: AttemptReport[][] = [];
  readonly committed = deferred<undefined>();
  handedOver = new Map<string, AttemptRef>();
  refuses: AttemptRef[] = [];
  readonly answers: AnswerRoom[] = [];

  report({ reports }: ReportPart): TakenReports {
    this.taken.push([...reports]);
    const acks = reports.map(({ taskId, attempt }) => ({ taskId, attempt, status: 'recorded' as const }));
    const freed = reports.map(({ taskId, attempt }) => slot(taskId, attempt));
    return { freed, next: this.handedOver, acks: this.committed.promise.then(() => acks) };
  }

  async grantFetched(grants: readonly Grant[], answer: AnswerRoom) {
    this.answers.push(answer);
    await this.committed.promise;
    const attempts = grants.map(({ taskId, attempt }) => dispatchOf(taskId, attempt));
    const dispatch = { v: 1 as const, shard: 1, epoch: 3, attempts };
    return this.refuses.length > 0
      ? { dispatch: undefined, refused: this.refuses }
      : { dispatch, refused: [] };
  }
}

function slot(taskId: string, attempt: number): FreedSlot {
  const place = { swarmId: 'a', region: 'eu-west', reservationId: 'r1', costPerSlotHour: 1 };
  return { taskId, attempt, classKey: 'c', ...place };
}

function desk(
  fetched: readonly string[] = [],
  outputs?: OutputReferences,
  isWell?: (swarmId: string) => boolean,
) {
  const owners = [new FakeOwner(), new FakeOwner()];
  const asked: FreedSlot[][] = [];
  const refused: AttemptRef[] = [];
  const scheduler: Pick<KeptSlots, 'fetch' | 'fetchedRefused' | 'keep'> = {
    fetch: (freed) => {
      asked.push([...freed]);
      return freed.slice(0, fetched.length).map((each, index): Fetched => {
        const taskId = fetched[index] ?? '';
        return { taskId, attempt: 1, placement: placement(), shard: taskId === NEXT ? 1 : 0, freed: each };
      });
    },
    fetchedRefused: (_shard, refs) => void refused.push(...refs),
    keep: () => undefined,
  };
  const made = new ReportDesk(2, (shard) => owners[shard], scheduler, undefined, outputs, isWell);
  return { desk: made, owners, asked, refused };
}

function request(taskIds: readonly string[], given: Partial<ReportRequest> = {}): ReportRequest {
  const reports = taskIds.map((taskId) => ({
    taskId,
    attempt: 1,
    outcome: 'succeeded' as const,
    startedAt: 0,
    finishedAt: 1,
  }));
  return { v: 1, swarmId: 'a', reports, outcomes: [], progress: [], fetch: 0, ...given };
}

const statuses = ({ acks }: ReportReply): string[] => acks.map(({ taskId, status }) => `${taskId} ${status}`);

test('reports for several shards go to their owners, and are acknowledged when these have committed', async () => {
  const { desk: own, owners } = desk();
  let reply: ReportReply | undefined;
  const answered = own.handle(request([A, B])).then((each) => (reply = each));
  owners[0]?.committed.resolve(undefined);
  await turns();
  expect(reply).toBeUndefined();
  owners[1]?.committed.resolve(undefined);
  await answered;
  expect(statuses(reply as unknown as ReportReply)).toEqual([`${A} recorded`, `${B} recorded`]);
});

test('a task whose shard is elsewhere is told as moved, and the others are taken all the same', async () => {
  const { desk: own, owners } = desk();
  owners.pop();
  owners[0]?.committed.resolve(undefined);
  expect(statuses(await own.handle(request([A, B])))).toEqual([`${A} recorded`, `${B} moved`]);
});

test('the same id gets the same answer, and the owner hears of it once', async () => {
  const { desk: own, owners } = desk([NEXT]);
  const once = request([A], { id: 'i1', fetch: 1 });
  const replies = [own.handle(once), own.handle(once)];
  owners.forEach((owner) => owner.committed.resolve(undefined));
  const [first, second] = await Promise.all(replies);
  expect(second).toBe(first);
  expect(await own.handle(once)).toBe(first);
  expect(first?.next[0]?.attempts.map(({ taskId }) => taskId)).toEqual([NEXT]);
  expect(owners[0]?.taken).toHaveLength(1);
  expect(await own.handle(request([A], { id: 'i2' }))).not.toBe(first);
});

test('a fault is no answer: the repetition is tried anew', async () => {
  const { desk: own, owners } = desk();
  const [owner] = owners;
  const away = new MultiswarmError('store-unavailable', 'Redis does not answer');
  const failing = deferred<ReportReply['acks']>();
  const report = owner?.report.bind(owner);
  if (owner) owner.report = (part) => ({ ...(report?.(part) as TakenReports), acks: failing.promise });
  failing.reject(away);
  await expect(own.handle(request([A], { id: 'i1' }))).rejects.toBe(away);
  if (owner && report) owner.report = report;
  owner?.committed.resolve(undefined);
  expect(statuses(await own.handle(request([A], { id: 'i1' })))).toEqual([`${A} recorded`]);
});

test('free slots are offered to the scheduler, at most as many as the swarm says, and what comes goes out with the answer', async () => {
  const { desk: own, owners, asked } = desk([NEXT]);
  owners.forEach((owner) => owner.committed.resolve(undefined));
  const reply = await own.handle(request([A, B], { fetch: 1 }));
  expect(asked).toEqual([[slot(A, 1)]]);
  expect(reply.next).toEqual([{ v: 1, shard: 1, epoch: 3, attempts: [dispatchOf(NEXT)] }]);
  expect(owners[0]?.handedOver.get(A)).toEqual({ taskId: NEXT, attempt: 1 });
});

test('the attempts of all shards share the room that one answer has', async () => {
  const { desk: own, owners } = desk([NEXT, 't0-000000fe']);
  owners.forEach((owner) => owner.committed.resolve(undefined));
  await own.handle(request([A, B], { fetch: 2 }));
  const rooms = owners.flatMap(({ answers }) => answers);
  expect(rooms).toHaveLength(2);
  expect(rooms[0]).toBe(rooms[1]);
  expect(rooms[0]?.bytes).toBeLessThan(1024 * 1024);
});

test('a swarm that wants nothing is offered nothing', async () => {
  const { desk: own, owners, asked } = desk([NEXT]);
  owners.forEach((owner) => owner.committed.resolve(undefined));
  expect((await own.handle(request([A]))).next).toEqual([]);
  expect(asked).toEqual([]);
});

test('what its owner cannot assign any more goes back to the scheduler, and the reports are acknowledged', async () => {
  const { desk: own, owners, refused } = desk([NEXT]);
  const [, owner] = owners;
  if (owner) owner.refuses = [{ taskId: NEXT, attempt: 1 }];
  owners.forEach((each) => each.committed.resolve(undefined));
  const reply = await own.handle(request([A], { fetch: 1 }));
  expect(reply.next).toEqual([]);
  expect(statuses(reply)).toEqual([`${A} recorded`]);
  expect(refused).toEqual([{ taskId: NEXT, attempt: 1 }]);
});

test('without any owner that could take it the sender is told why', async () => {
  const { desk: own, owners } = desk();
  for (const owner of owners)
    owner.report = () => {
      throw new MultiswarmError('shard-unavailable', 'shard 0 is changing hands');
    };
  await expect(own.handle(request([A]))).rejects.toMatchObject({ code: 'shard-unavailable' });
});

test('an output that has to be looked up holds up nothing else, and is left to be reported again where nobody answers', async () => {
  const clock = new ManualClock();
  const looked = deferred<undefined>();
  const store = { claim: () => looked.promise, find: () => Promise.reject(new Error('nothing is full')) };
  const { desk: own, owners, asked } = desk([NEXT], new OutputReferences(store, clock));
  owners.forEach((owner) => owner.committed.resolve(undefined));
  const [plain, referring] = request([A, B]).reports as [AttemptReport, AttemptReport];
  const large = { ...referring, outputRef: { id: `default.${'a'.repeat(64)}`, bytes: 300_000 } };
  const reported = { ...request([]), reports: [large, plain], fetch: 2 };
  const first = own.handle(reported);
  expect([owners[0]?.taken, owners[1]?.taken]).toEqual([[[plain]], []]);
  await pass(clock, 500);
  expect(statuses(await first)).toEqual([`${A} recorded`]);
  looked.resolve(undefined);
  const second = await own.handle(reported);
  expect(statuses(second)).toEqual([`${A} recorded`, `${B} recorded`]);
  expect(second.next).toHaveLength(2);
  expect(owners[1]?.taken).toEqual([[large]]);
  // No more than it wants, in one part or the other.
  asked.splice(0);
  await own.handle({ ...reported, fetch: 1 });
  expect(asked.flat()).toEqual([slot(A, 1)]);
});

test('R5: a swarm to which the load-balancer gives nothing is handed nothing', async () => {
  const { desk: made, owners, asked } = desk([NEXT], undefined, (swarmId) => swarmId !== 'a');
  const reply = made.handle(request([A], { swarmId: 'a', fetch: 1 }));
  owners[0]?.committed.resolve(undefined);
  expect((await reply).next).toEqual([]);
  expect(asked).toEqual([]);
});

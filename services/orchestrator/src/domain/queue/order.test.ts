import { PRIORITIES, type Priority } from '@multiswarm/contracts';
import fc from 'fast-check';
import { noSlot, QueueBench, START } from '../../../test/support/queue-bench';
import { BAND_MS } from './lanes';

const ids = (picked: readonly { taskId: string }[]): string[] => picked.map(({ taskId }) => taskId);

test('a stricter priority goes first, whatever came before', () => {
  const bench = new QueueBench();
  for (const priority of [...PRIORITIES].reverse()) bench.add(priority, { priority });
  expect(ids(bench.take(4))).toEqual([...PRIORITIES]);
});

test('tasks of one class, priority and fairness key go in the order of submission, in whichever order they were told', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(Array.from({ length: 40 }, (_, at) => at)),
      fc.nat(9),
      (orders, taken) => {
        const bench = new QueueBench();
        for (const order of orders) bench.add(`t${order}`, { order });
        const first = bench.take(taken);
        // Whatever a pass brings back is where it was.
        bench.queue.putBack(first, bench.now);
        const got: string[] = [];
        for (let pass = bench.take(7); pass.length > 0; pass = bench.take(7)) {
          bench.settle(pass, () => undefined);
          got.push(...ids(pass));
        }
        expect(got).toEqual([...orders].sort((a, b) => a - b).map((order) => `t${order}`));
      },
    ),
  );
});

test('a task rises by one band in a minute: it then goes before those of its former band, and takes turns with the next', () => {
  const bench = new QueueBench();
  bench.add('old', { priority: 'low' });
  bench.pass(BAND_MS - 1);
  bench.add('normal', { fairnessKey: 'other', classKey: 'd' });
  bench.add('low', { priority: 'low', fairnessKey: 'third', classKey: 'e' });
  expect(ids(bench.take(3))).toEqual(['normal', 'old', 'low']);
  bench.queue.putBack([], bench.now);
  const later = new QueueBench();
  later.add('old', { priority: 'low' });
  later.pass(BAND_MS);
  later.add('normal');
  later.add('low', { priority: 'low' });
  expect(ids(later.take(3))).toEqual(['old', 'normal', 'low']);
});

test('ageing changes nothing between two tasks of one lane, also where the later one has waited longer', () => {
  const bench = new QueueBench();
  const { order } = bench.add('later', { order: 100, limitKeys: ['b'] });
  bench.pass(3 * BAND_MS);
  bench.add('earlier', { order: order - 1, limitKeys: ['a'] });
  expect(ids(bench.take(2))).toEqual(['earlier', 'later']);
});

test('no stream of urgent work starves the lowest task: it is placed as soon as its age has made it critical', () => {
  const bench = new QueueBench();
  bench.add('lowest', { priority: 'low', fairnessKey: 'quiet' });
  let passes = 0;
  for (let at = 0; ; at += 1) {
    bench.add(`a${at}`, { priority: 'critical', fairnessKey: 'noisy' });
    bench.add(`b${at}`, { priority: 'critical', fairnessKey: 'noisy' });
    passes += 1;
    if (bench.run(1).includes('lowest')) break;
    bench.pass(1_000);
    expect(passes).toBeLessThan(200);
  }
  // Three bands in three minutes; then the noisy key, which came first, has one turn more.
  expect(bench.now.wall - START).toBe(3 * BAND_MS + 1_000);
});

/** What the queue must agree with, for one class: strict bands by the age of the first task of a lane, then submission. */
interface Listed {
  id: string;
  priority: Priority;
  order: number;
  queuedAt: number;
}

function nextOf(waiting: readonly Listed[], now: number): { id: string; band: number }[] {
  const firsts = PRIORITIES.flatMap((priority) => {
    const lane = waiting.filter((each) => each.priority === priority).sort((a, b) => a.order - b.order)[0];
    if (!lane) return [];
    const age = Math.floor((now - lane.queuedAt) / BAND_MS);
    return [{ id: lane.id, band: Math.max(0, PRIORITIES.indexOf(priority) - age), order: lane.order }];
  });
  const band = Math.min(...firsts.map((each) => each.band));
  return firsts.filter((each) => each.band === band).sort((a, b) => a.order - b.order);
}

test('over any sequence of tasks, passes, refusals and time the next one is the one a plain list gives', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('add' as const),
      priority: fc.constantFrom(...PRIORITIES),
      order: fc.nat(60),
    }),
    fc.record({ kind: fc.constant('place' as const) }),
    fc.record({ kind: fc.constant('refuse' as const) }),
    fc.record({ kind: fc.constant('lose-answer' as const) }),
    fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(20) }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 90_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const bench = new QueueBench();
      let waiting: Listed[] = [];
      let count = 0;
      for (const each of steps) {
        if (each.kind === 'time') bench.pass(each.ms);
        else if (each.kind === 'add') {
          count += 1;
          const listed = {
            ...{ id: `t${count}`, priority: each.priority, queuedAt: bench.now.wall },
            order: each.order * 1_000 + count,
          };
          waiting.push(listed);
          bench.add(listed.id, { priority: each.priority, order: listed.order });
        } else if (each.kind === 'cancel') {
          const out = waiting[each.index % Math.max(1, waiting.length)];
          waiting = waiting.filter((one) => one !== out);
          if (out) bench.queue.remove(out.id, bench.now);
        } else {
          bench.freed('s');
          const picked = bench.take(1);
          expect(picked[0]?.taskId).toBe(nextOf(waiting, bench.now.wall)[0]?.id);
          if (each.kind === 'lose-answer') bench.queue.putBack(picked, bench.now);
          else bench.settle(picked, () => (each.kind === 'refuse' ? noSlot('s') : undefined));
          if (each.kind === 'place') waiting = waiting.filter(({ id }) => id !== picked[0]?.taskId);
        }
        expect(bench.queue.size).toBe(waiting.length);
      }
    }),
    { numRuns: 300 },
  );
});

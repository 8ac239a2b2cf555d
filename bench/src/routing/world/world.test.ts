import { seededRandom } from '@multiswarm/core';
import { Agenda } from './agenda';
import { boundedPareto, constant, exponential, lognormal, truncatedNormal } from './distributions';
import { Job } from './job';
import { JobHeap } from './job-heap';
import { WaitingLine } from './waiting-line';

const job = (id: number): Job => new Job(id, 0, true, id, 1);

test.each([constant, exponential, lognormal(1.2), boundedPareto(2.5, 1_000), truncatedNormal])(
  '$name has mean 1 and nothing below zero',
  ({ draw }) => {
    const random = seededRandom(11);
    const drawn = Array.from({ length: 200_000 }, () => draw(random));
    expect(Math.min(...drawn.slice(0, 10_000))).toBeGreaterThan(0);
    expect(drawn.reduce((sum, value) => sum + value, 0) / drawn.length).toBeCloseTo(1, 1);
  },
);

test('the agenda knows the first of all hosts after any change', () => {
  const random = seededRandom(5);
  const times = Array.from({ length: 13 }, () => Infinity);
  const agenda = new Agenda(times.length);
  for (let step = 0; step < 500; step += 1) {
    const host = Math.floor(random.next() * times.length);
    const atS = random.next() < 0.2 ? Infinity : random.next();
    times[host] = atS;
    agenda.set(host, atS);
    expect(agenda.firstS).toBe(Math.min(...times));
    expect(times[agenda.first]).toBe(agenda.firstS);
  }
});

test('jobs leave the heap in order, and forgotten ones not at all', () => {
  const random = seededRandom(6);
  const jobs = Array.from({ length: 200 }, (_, id) => {
    const one = job(id);
    one.place = 'lane';
    one.doneAt = random.next();
    return one;
  });
  const heap = new JobHeap();
  for (const one of jobs) heap.add(one);
  const forgotten = jobs.filter(({ id }) => id % 3 === 0);
  for (const one of forgotten) one.place = 'gone';
  const left: Job[] = [];
  while (heap.first() !== undefined) left.push(heap.take());
  const expected = jobs.filter(({ id }) => id % 3 !== 0).sort((a, b) => a.doneAt - b.doneAt);
  expect(left).toEqual(expected);
});

test('those who come back wait before those who came later', () => {
  const line = new WaitingLine();
  for (const id of [4, 5, 6]) line.join(job(id));
  line.comeBack(job(2));
  line.comeBack(job(1));
  const third = job(3);
  line.comeBack(third);
  line.forget(third);
  const order = Array.from({ length: line.size }, () => line.take().id);
  expect(order).toEqual([1, 2, 4, 5, 6]);
  expect(() => line.take()).toThrow('nobody waits');
});

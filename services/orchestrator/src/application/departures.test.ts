import { ManualClock } from '@multiswarm/core';
import { turns } from '@multiswarm/testing';
import { Departures } from './departures';

function station() {
  const clock = new ManualClock();
  const departures = new Departures(clock);
  const left: string[] = [];
  const join = (name: string, pressing: boolean) => departures.join(pressing, () => void left.push(name));
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turns(5);
  };
  return { departures, left, join, pass };
}

test('who is pressing takes along all who wait; the next departure keeps its distance', async () => {
  const { left, join, pass } = station();
  join('a', false);
  join('b', true);
  await pass(0);
  expect(left).toEqual(['a', 'b']);
  join('c', true);
  join('d', true);
  await pass(2);
  expect(left).toEqual(['a', 'b']);
  await pass(1);
  expect(left).toEqual(['a', 'b', 'c', 'd']);
});

test('who is in no hurry leaves after a few milliseconds, or when it has become pressing', async () => {
  const { departures, left, join, pass } = station();
  join('a', false);
  await pass(4);
  expect(left).toEqual([]);
  await pass(1);
  expect(left).toEqual(['a']);
  await pass(100);
  join('b', false);
  departures.hurry();
  await pass(0);
  expect(left).toEqual(['a', 'b']);
  await pass(100);
  expect(left).toEqual(['a', 'b']);
});

test('who has given up its place does not leave', async () => {
  const { left, join, pass } = station();
  const giveUp = join('a', true);
  join('b', false);
  giveUp();
  await pass(10);
  expect(left).toEqual(['b']);
});

import { ManualClock } from '@multiswarm/core';
import { MailRooms } from './mail-rooms';
import { WaitingRoom } from './send-lane';

test('of many recipients the rooms that were used last are kept, and all that something waits for', () => {
  const lanes = { isOpen: () => true, open: () => Promise.resolve(), room: new WaitingRoom() };
  const rooms = new MailRooms({ ...lanes, clock: new ManualClock() }, 8);
  const busy = rooms.of('waits');
  busy.waiting = 1;
  const onItsWay = rooms.of('sends');
  void onItsWay.lane.send({ attempt: () => new Promise(() => undefined), bytes: 1, endMs: 1 });
  const asking = rooms.of('asks');
  asking.asking = new Promise(() => undefined);
  const others = Array.from({ length: 5 }, (_, n) => rooms.of(`${n}`));
  expect(rooms.of('0')).toBe(others[0]);
  rooms.of('one more');
  expect(rooms.size).toBe(7); // a quarter of them was forgotten
  expect([rooms.of('waits'), rooms.of('sends'), rooms.of('asks')]).toEqual([busy, onItsWay, asking]);
  expect(rooms.of('0')).toBe(others[0]);
  expect(rooms.of('3')).toBe(others[3]);
  expect(rooms.of('1')).not.toBe(others[1]);
});

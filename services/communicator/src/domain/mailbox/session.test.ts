import { LEVELS } from './mail';
import { Session } from './session';

const rooms = (session: Session): number[] => LEVELS.map((level) => session.room(level));

test('less urgent messages leave room for urgent ones, and never make them wait behind many', () => {
  const session = new Session('s', 512, Infinity);
  expect(rooms(session)).toEqual([512, 512, 256, 256]);
  for (let seq = 0; seq < 300; seq++) session.holds.add(seq);
  expect(rooms(session)).toEqual([212, 212, 0, 0]);
  expect(rooms(new Session('small', 16, Infinity))).toEqual([16, 16, 14, 14]);
  expect(rooms(new Session('one', 1, Infinity))).toEqual([1, 1, 1, 1]);
});

test('who comes for messages gets as many as he asks for', () => {
  const session = new Session('s', 100, Infinity);
  session.comes = true;
  expect(rooms(session)).toEqual([100, 100, 100, 100]);
});

test('one that may not have what was sent to it gets nothing', () => {
  const session = new Session('s', 100, Infinity);
  session.unsure = true;
  expect(rooms(session)).toEqual([0, 0, 0, 0]);
});

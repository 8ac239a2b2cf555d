import { Gate } from './gate';

test('a gate lets through as many as it was opened for, in the order of their coming', async () => {
  const gate = new Gate();
  const passed: number[] = [];
  const all = [1, 2, 3, 4].map((n) => gate.pass(n).then((each) => passed.push(each)));
  gate.open(2);
  await Promise.all(all.slice(0, 2));
  expect(passed).toEqual([1, 2]);
  gate.open(3);
  await Promise.all(all);
  await gate.pass(5);
  const late = gate.pass(6).then((each) => passed.push(each));
  expect(passed).toEqual([1, 2, 3, 4]);
  gate.open(Infinity);
  await late;
  expect(passed).toEqual([1, 2, 3, 4, 6]);
});

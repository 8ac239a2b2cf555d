import { FAULT_KINDS } from './faults/plan';
import { readOptions } from './options';

test('what is left out has its default', () => {
  expect(readOptions([])).toEqual({
    ...{ scenario: 'faults', seed: 1, tasks: 5_000, minutes: 5, perSecond: 20, deadlineMinutes: 10 },
    ...{ out: '.multiswarm/chaos/faults', json: false, keep: false, only: FAULT_KINDS },
  });
  expect(readOptions(['--scenario', 'rolling'])).toMatchObject({
    ...{ scenario: 'rolling', deadlineMinutes: 15, out: '.multiswarm/chaos/rolling' },
  });
});

test('every option is read', () => {
  const given =
    '--scenario rolling --seed 7 --tasks 20000 --minutes 0.5 --rate 3 --deadline 2 --out here --only kill,disk-full';
  expect(readOptions([...given.split(' '), '--json', '--keep'])).toEqual({
    ...{ scenario: 'rolling', seed: 7, tasks: 20_000, minutes: 0.5, perSecond: 3, deadlineMinutes: 2 },
    ...{ out: 'here', json: true, keep: true, only: ['kill', 'disk-full'] },
  });
  expect(readOptions(['-h'])).toBe('help');
});

test.each([
  ['--tasks', '0'],
  ['--tasks', '1.5'],
  ['--seed', 'x'],
  ['--minutes', '-1'],
  ['--scenario', 'other'],
  ['--deadline', '5'],
  ['--only', 'kill,other'],
])('%s %s is refused with the name of the option', (option, value) => {
  expect(() => readOptions([`${option}=${value}`])).toThrow(option);
});

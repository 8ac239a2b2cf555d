import { readOptions } from './options';

test('what is left out has its default', () => {
  expect(readOptions([])).toEqual({ seed: 1, tasks: 5_000, minutes: 5, json: false, keep: false });
});

test('every option is read', () => {
  expect(readOptions(['--seed', '7', '--tasks', '20000', '--minutes', '0.5', '--json', '--keep'])).toEqual({
    ...{ seed: 7, tasks: 20_000, minutes: 0.5, json: true, keep: true },
  });
  expect(readOptions(['-h'])).toBe('help');
});

test.each([
  ['--tasks', '0'],
  ['--tasks', '1.5'],
  ['--seed', 'x'],
  ['--minutes', '-1'],
])('%s %s is refused with the name of the option', (option, value) => {
  expect(() => readOptions([`${option}=${value}`])).toThrow(option);
});

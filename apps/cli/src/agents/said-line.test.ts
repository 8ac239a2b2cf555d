import { isSaid } from './said-line';

/** What a line made of the context, or undefined where it is a line of the log. */
function said(line: string): unknown[] | undefined {
  let heard: unknown[] | undefined;
  const ctx = {
    progress: (fraction?: number, message?: string) => {
      if ((fraction ?? 0) > 1) throw new Error('over 1');
      heard = ['progress', fraction, message];
    },
    output: (part: unknown) => void (heard = ['output', part]),
  };
  return isSaid(line, ctx) ? heard : undefined;
}

test.each([
  ['::progress 0.5', ['progress', 0.5, undefined]],
  ['::progress .25 a quarter', ['progress', 0.25, 'a quarter']],
  ['::progress nearly there', ['progress', undefined, 'nearly there']],
  ['::output {"row":1}', ['output', { row: 1 }]],
  ['::output some words', ['output', 'some words']],
  ['::output 12', ['output', 12]],
])('%s', (line, expected) => {
  expect(said(line)).toEqual(expected);
});

test.each(['progress 0.5', ' ::progress 0.5', '::progress', '::warning x', '::progress 7 times', ''])(
  '"%s" is a line of the log',
  (line) => {
    expect(said(line)).toBeUndefined();
  },
);

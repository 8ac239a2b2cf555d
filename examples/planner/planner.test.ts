import { hardFunctions, lookAt, type Source } from './sources';
import { planOf } from './review';

const sources: Source[] = [
  {
    file: 'a.js',
    text: "const b = require('./b');\nfunction easy(x) {\n  return b.hard(x) || hard(1);\n}\n",
  },
  {
    file: 'b.js',
    text: 'function hard(x) {\n  for (const y of x) {\n    if (y > 1) {\n      if (y > 2) return y;\n    }\n  }\n  return 0;\n}\n',
  },
];

test('functions with many paths are found, and looked at', () => {
  expect(hardFunctions(sources, 3)).toEqual({ functions: 2, hard: [{ file: 'b.js', line: 1 }] });
  expect(lookAt(sources, 'b.js', 1)).toEqual({
    ...{ file: 'b.js', line: 1, name: 'hard', complexity: 4, lines: 8, depth: 3, callers: 2 },
  });
});

test('a plan has a look at each of them and a report behind all; where there is none, the report alone', () => {
  const { tasks, dependencies } = planOf('src', 2, [{ file: 'b.js', line: 1 }]);
  expect(tasks.map(({ id, input }) => [id, input])).toEqual([
    ['inspect-1', { directory: 'src', file: 'b.js', line: 1 }],
    ['report', { functions: 2 }],
  ]);
  expect(dependencies).toEqual({ report: ['inspect-1'] });
  expect(planOf('src', 2, []).tasks).toMatchObject([{ id: 'report', inputs: {} }]);
});

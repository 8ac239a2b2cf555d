import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Linter } from 'eslint';
import { measureComplexity } from './measure-complexity';

/** What ESLint's own rule finds, by line. */
function byEslint(source: string): { line: number; complexity: number }[] {
  const messages = new Linter().verify(source, [
    { languageOptions: { sourceType: 'commonjs' }, rules: { complexity: ['error', 0] } },
  ]);
  return messages
    .filter(({ ruleId, message }) => ruleId === 'complexity' && !/class field|static block/i.test(message))
    .map(({ line, message }) => ({ line, complexity: Number(/complexity of (\d+)/.exec(message)?.[1]) }));
}

function sorted(found: readonly { line: number; complexity: number }[]): string[] {
  return found.map(({ line, complexity }) => `${line}: ${complexity}`).sort();
}

test('every branch counts once, and a nested function for itself', () => {
  const source = [
    'function plain() {}',
    'const choose = (a, b = 1) => (a && b ? a?.b : b());',
    'class Sink { write(x) { for (const y of x) { if (y) [y].map((z) => z || 0); } } }',
    'function pick(x) { switch (x) { case 1: return 1; case 2: return 2; default: x ??= 3; } }',
  ].join('\n');
  expect(measureComplexity(source)).toEqual([
    { name: 'choose', line: 2, complexity: 5 },
    { name: 'pick', line: 4, complexity: 4 },
    { name: 'write', line: 3, complexity: 3 },
    { name: '(anonymous)', line: 3, complexity: 2 },
    { name: 'plain', line: 1, complexity: 1 },
  ]);
});

test('it agrees with ESLint on every file of a real project', () => {
  const folder = join(__dirname, '..', 'delivery', 'project', 'src');
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  let functions = 0;
  for (const name of files) {
    const source = readFileSync(join(folder, name), 'utf8');
    const found = measureComplexity(source);
    functions += found.length;
    expect({ name, found: sorted(found) }).toEqual({ name, found: sorted(byEslint(source)) });
  }
  expect(functions).toBeGreaterThan(20);
});

test('a source that does not parse is refused with its place', () => {
  expect(() => measureComplexity('function (')).toThrow(/\(1:\d+\)/);
});

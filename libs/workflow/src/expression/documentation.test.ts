import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonValue } from '@multiswarm/contracts';
import type { RunContext } from '../context';
import { compileCondition } from './condition';
import { ExpressionError } from './expression-error';
import { compilePath } from './path';

const PAGE = readFileSync(join(__dirname, '../../../../docs/expressions.md'), 'utf8');

function blocks(language: string): string[] {
  return Array.from(
    PAGE.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms')),
    ([, body = '']) => body,
  );
}

/** Lines of what is written and, behind an arrow, what comes of it. */
function examples(language: string): [text: string, outcome: string][] {
  const lines = blocks(language).flatMap((block) => block.trim().split('\n'));
  return lines.map((line) => {
    const [text = '', outcome = 'no arrow'] = line.split(' → ');
    return [text.trim(), outcome.trim()];
  });
}

const context = JSON.parse(blocks('json')[0] ?? 'null') as RunContext;

type Compiled = { ok: true; read: () => JsonValue } | { ok: false; message: string };

function outcomeOf(compiled: Compiled): string {
  if (!compiled.ok) return `refused: ${compiled.message}`;
  try {
    return JSON.stringify(compiled.read());
  } catch (error) {
    if (error instanceof ExpressionError) return `error: ${error.message}`;
    throw error;
  }
}

function shown(outcome: string): string {
  return /^(error|refused):/.test(outcome) ? outcome : JSON.stringify(JSON.parse(outcome));
}

test.each(examples('jsonpath'))('the page says of %s: %s', (text, outcome) => {
  const result = compilePath(text);
  const compiled: Compiled = result.ok ? { ok: true, read: () => result.path.read(context) } : result;
  expect(outcomeOf(compiled)).toBe(shown(outcome));
});

test.each(examples('cel'))('the page says of %s: %s', (text, outcome) => {
  const result = compileCondition(text);
  const compiled: Compiled = result.ok
    ? { ok: true, read: () => result.condition.evaluate(context) }
    : result;
  expect(outcomeOf(compiled)).toBe(shown(outcome));
});

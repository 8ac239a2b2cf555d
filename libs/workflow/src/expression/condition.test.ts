import { LIMITS, type JsonValue } from '@multiswarm/contracts';
import type { RunContext, StepFacts } from '../context';
import { compileCondition } from './condition';
import { ExpressionError } from './expression-error';

const succeeded = (output: JsonValue): StepFacts => ({ state: 'succeeded', output, error: null });

const context: RunContext = {
  run: { id: 'r1', name: null, input: { region: 'eu', limit: 3, list: [1, 2, 3] } },
  steps: {
    score: succeeded({ value: 3, tags: ['a', 'b'], text: 'Hello', nothing: null }),
    'fetch-a': succeeded([{ n: 1 }, { n: 2 }]),
    gone: {
      state: 'failed',
      output: null,
      error: { code: 'attempt-failed', message: 'no', retryable: true },
    },
  },
};

function compiled(text: string) {
  const result = compileCondition(text);
  if (!result.ok) throw new Error(result.message);
  return result.condition;
}

const holds = (text: string, given: RunContext = context): boolean => compiled(text).evaluate(given);

test.each([
  ['steps.score.output.value > 2', true],
  ['steps.score.output.value == 3', true],
  ['steps.score.output.value == 3.0', true],
  ['steps.score.output.value + 1 == 4', true],
  ['steps.score.output.value / 2 == 1.5', true],
  ['-steps.score.output.value < 0 && 7 % 4 == 3', true],
  ['size(steps.score.output.tags) == run.input.limit - 1', true],
  ['steps["fetch-a"].output[1].n == 2', true],
  ["steps['fetch-a'].output.all(x, x.n > 0)", true],
  ["steps['fetch-a'].output.exists(x, x.n > 1)", true],
  ["steps['fetch-a'].output.exists_one(x, x.n > 0)", false],
  ["steps['fetch-a'].output.map(x, x.n) == [1, 2]", true],
  ["steps['fetch-a'].output.map(x, x.n > 1, x.n) == [2]", true],
  ["steps['fetch-a'].output.filter(x, x.n > 1) == [{'n': 2}]", true],
  ['run.input.list.all(x, run.input.list.exists(y, x == y))', true],
  ['steps.score.output.all(key, key != "other")', true],
  ['"a" in steps.score.output.tags && !("c" in steps.score.output.tags)', true],
  ['"value" in steps.score.output', true],
  ['has(steps.score.output.value) && !has(steps.score.output.other)', true],
  ['has(steps.score.output.nothing) && steps.score.output.nothing == null', true],
  ['has(steps.gone.output.title)', false],
  ['has(steps.score) && !has(steps.ghost)', true],
  ['steps.gone.state == "failed" && steps.gone.error.code == "attempt-failed"', true],
  ['run.id == "r1" && run.name == null', true],
  ['run.input.region in ["eu", "us"] ? true : false', true],
  ['steps.score.output.text.startsWith("He") && steps.score.output.text.lowerAscii() == "hello"', true],
  ['steps.score.output.text.contains("ell") && steps.score.output.text.endsWith("o")', true],
  ['"x" + "y" == "xy" && [1] + [2] == [1, 2] && " a ".trim().upperAscii() == "A"', true],
  ['size("a😀") == 2 && "ab".size() == 2 && size({"a": 1}) == 1', true],
  ['int("42") == 42 && int(2.9) == 2 && double("0.5") == 0.5 && string(3) == "3"', true],
  ['timestamp("2030-01-31T12:00:00Z") - timestamp("2030-01-31T11:00:00Z") == duration("1h")', true],
  ['duration("1m30s") == 90000 && duration("-1.5s") == -1500', true],
  ['1 == "1" || [1] == {"a": 1} || null == false', false],
])('%s is %s', (text, expected) => {
  expect(holds(text)).toBe(expected);
});

test('of an item of a map there are item and index, and elsewhere there are not', () => {
  expect(holds('item.n == 2 && index == 1', { ...context, item: { n: 2 }, index: 1 })).toBe(true);
  expect(holds('item == null', { ...context, item: null, index: 0 })).toBe(true);
  expect(compiled('item.n == 2').readsItem).toBe(true);
  expect(compiled('run.input.list.all(item, item > 0)').readsItem).toBe(false);
  expect(() => holds('item.n == 2')).toThrow('there is no item: only items of a map have one');
});

test('the steps that a condition looks at are known before it is evaluated', () => {
  const text =
    'steps.a.state == "x" && has(steps.b.output.y) || steps["c-d"].output.all(x, x == steps.e.output)';
  expect(compiled(text).steps).toEqual(['a', 'b', 'c-d', 'e']);
  expect(compiled('has(steps.b)').steps).toEqual(['b']);
});

test.each([
  ['steps.score.output.value', 'steps.score.output.value is a number, where true or false is needed'],
  ['steps.score.output.valeu > 1', 'steps.score.output has no field valeu'],
  ['steps.gone.output.title == "x"', 'steps.gone.output is null, which has no field title'],
  ['steps.ghost.output == 1', 'there is no step ghost'],
  ['steps["fetch-a"].output[2].n == 1', 'steps["fetch-a"].output has no element 2: it has 2'],
  ['steps["fetch-a"].output[0.5].n == 1', 'steps["fetch-a"].output has no element 0.5: it has 2'],
  ['steps.score.output.text > 1', '> does not fit a text and a number'],
  ['steps.score.output.text + 1 == ""', '+ does not fit a text and a number'],
  ['1 in "text"', 'in does not fit a number and a text'],
  ['1 / 0 == 1', 'division by zero'],
  [
    'steps.score.output.text ? true : false',
    'steps.score.output.text is a text, where true or false is needed',
  ],
  ['run.input.limit.all(x, true)', 'run.input.limit is a number, where a list or an object is needed'],
  ['size(1) == 1', 'size does not fit a number'],
  ['int("12x") == 1', 'int cannot make a number of "12x"'],
  ['timestamp("yesterday") > 1', 'timestamp needs a text such as "2030-01-31T12:00:00Z", not "yesterday"'],
  ['steps.score.output.tags.all(x, x > 1)', '> does not fit a text and a number'],
])('%s cannot be evaluated: %s', (text, message) => {
  expect(() => holds(text)).toThrow(new ExpressionError(message));
});

test('what decides decides, also where the other side cannot be evaluated', () => {
  const broken = 'run.input.missing > 1';
  expect(holds(`${broken} || true`)).toBe(true);
  expect(holds(`true || ${broken}`)).toBe(true);
  expect(holds(`${broken} && false`)).toBe(false);
  expect(() => holds(`${broken} || false`)).toThrow('has no field missing');
  expect(() => holds(`true && ${broken}`)).toThrow('has no field missing');
  expect(holds('[0, 1].exists(x, 1 / x == 1)')).toBe(true);
  expect(() => holds('[0, 1].all(x, 1 / x == 1)')).toThrow('division by zero');
});

test.each([
  ['steps.a.b >', 'Unexpected token: EOF (at character 12)'],
  ["'open", 'Unterminated string (at character 1)'],
  ['foo > 1', 'there is no foo, only run, steps, item and index (at character 1)'],
  ['1 + x > 2', 'there is no x, only run, steps, item and index (at character 5)'],
  ['nap(1) == 2', 'there is no function nap (at character 1)'],
  ['"a".matches("(a+)+$")', 'there are no regular expressions: their cost has no limit (at character 1)'],
  [
    'size(steps) > 1',
    "write steps.<id> or steps['<id>']: which steps are looked at must be known before (at character 6)",
  ],
  [
    'steps[run.input.region].output == 1',
    "write steps.<id> or steps['<id>']: which steps are looked at must be known before (at character 1)",
  ],
  ['[1].all(steps, true)', 'steps cannot be the name of a variable (at character 9)'],
  ['[1].all(1, true)', 'all(var, predicate) invalid predicate iteration variable (at character 9)'],
  ['has(1)', 'has takes a field, such as has(steps.a.output.title) (at character 1)'],
  ['size(1, 2) == 1', 'size takes 1 arguments (at character 1)'],
  ['b"bytes" == 1u', 'only texts, numbers, true, false and null are available (at character 1)'],
  ['cel.bind(x, 1, x > 0)', 'there is no function bind (at character 1)'],
  ['', 'Unexpected token: EOF (at character 1)'],
])('%s is refused: %s', (text, message) => {
  expect(compileCondition(text)).toEqual({ ok: false, message });
});

describe('is bounded', () => {
  test('in its length and its nodes', () => {
    const long = `true ${' '.repeat(LIMITS.EXPRESSION_CHARS)}`;
    expect(compileCondition(long)).toEqual({
      ok: false,
      message: 'longer than 2048 characters (EXPRESSION_CHARS)',
    });
    const many = Array.from({ length: LIMITS.EXPRESSION_NODES }, () => '1').join('+');
    expect(compileCondition(`${many} > 1`)).toEqual({
      ok: false,
      message: 'has more than 256 nodes (EXPRESSION_NODES)',
    });
    expect(compileCondition('-'.repeat(2_000)).ok).toBe(false);
    expect(compileCondition('('.repeat(2_000)).ok).toBe(false);
    expect(compileCondition('['.repeat(2_000)).ok).toBe(false);
  });

  const list = Array.from({ length: 10_000 }, (_, index) => index);
  const long: RunContext = {
    ...context,
    run: { ...context.run, input: { list, text: 'x'.repeat(200_000) } },
  };

  test.each([
    ['lists in lists', 'run.input.list.all(x, run.input.list.all(y, x + y >= 0))'],
    ['comparing long lists again and again', 'run.input.list.all(x, run.input.list == run.input.list)'],
    ['looking for something again and again', 'run.input.list.all(x, x in run.input.list)'],
    ['lists that grow', 'run.input.list.all(x, size(run.input.list + run.input.list) > 0)'],
    ['texts that grow', 'run.input.list.all(x, run.input.text + run.input.text != "")'],
    ['long texts in long texts', 'run.input.text.contains(run.input.text)'],
    ['what nothing depends on', 'true && (run.input.list.all(x, run.input.list.all(y, true)) || true)'],
    ['errors that others would absorb', 'run.input.list.exists(x, run.input.list.exists(y, false))'],
    ['errors that others do absorb', 'run.input.list.exists(x, 1 / 0 == x || 1 / 0 == x)'],
  ])('in its cost: %s', (_name, text) => {
    const startedAt = performance.now();
    expect(() => holds(text, long)).toThrow('costs more than 500000 steps of evaluation (EXPRESSION_COST)');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test('and yet goes through ten thousand items', () => {
    expect(holds('run.input.list.all(x, x >= 0 && (x % 2 == 0 || x % 2 == 1))', long)).toBe(true);
    expect(holds('run.input.list.exists(x, x == 9999)', long)).toBe(true);
  });
});

describe('sees only what is its own', () => {
  test.each(['__proto__', 'constructor', 'toString', 'prototype', 'hasOwnProperty', 'length'])(
    'not %s',
    (name) => {
      for (const owner of [
        'run',
        'run.input',
        'steps.score.output',
        'steps.score.output.tags',
        'steps.score.output.text',
      ]) {
        expect(() => holds(`${owner}.${name} == 1`)).toThrow(ExpressionError);
        expect(() => holds(`${owner}["${name}"] == 1`)).toThrow(ExpressionError);
        expect(holds(`has(${owner}.${name})`)).toBe(false);
      }
      expect(() => holds(`steps.${name}.output == 1`)).toThrow(`there is no step ${name}`);
      expect(compileCondition(`${name}.x == 1`).ok).toBe(false);
      expect(compileCondition(`${name}(1) == 1`).ok).toBe(false);
      expect(compileCondition(`"a".${name}() == "a"`).ok).toBe(false);
      expect(holds(`"${name}" in run.input`)).toBe(false);
    },
  );

  test('a key that is named like the prototype is a key like others', () => {
    expect(holds('{"__proto__": 1}["__proto__"] == 1 && !has({"a": 1}.toString)')).toBe(true);
    const input: JsonValue = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as JsonValue;
    const given = { ...context, run: { ...context.run, input } };
    expect(holds('run.input["__proto__"].a == 1 && run.input.constructor == 2', given)).toBe(true);
  });
});

test('what is asked for again is kept compiled', () => {
  compiled('run.id == "once"');
  expect(compiled('run.id == "once"')).toBe(compiled('run.id == "once"'));
});

test('names of functions that nobody knows leave nothing behind', () => {
  for (let index = 0; index < 3 * LIMITS.EXPRESSIONS_COMPILED; index += 1)
    expect(compileCondition(`unknown${index}(1)`).ok).toBe(false);
  expect(holds('size(run.input.list) == 3 && run.input.list.all(x, x > 0)')).toBe(true);
});

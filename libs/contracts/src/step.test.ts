import { parse } from './findings';
import { LIMITS } from './limits';
import { isMereWait, Step } from './step';

function faults(given: unknown): string[] {
  const parsed = parse(Step, given);
  return parsed.ok ? [] : parsed.findings.map(({ pointer, message }) => `${pointer} ${message}`);
}

const approval = {};
const sleep = { ms: 1_000 };
const waitFor = { signal: 'go' };
const workflow = { definition: 'publish' };
const map = { over: '$.run.input.list' };
const inputRef = { id: `default.${'a'.repeat(64)}`, bytes: 1_000 };
const EITHER =
  '/sleep either {"ms": n} or {"until": an instant in UTC such as 2030-01-31T12:00:00Z, or a JSON path to one}';

describe('the type of a step', () => {
  test.each([
    ['waits for a signal', { waitFor }, 'wait'],
    ['asks somebody', { approval }, 'approval'],
    ['waits for a time', { sleep }, 'sleep'],
    ['starts a run', { workflow }, 'workflow'],
    ['is work', { type: 'llm' }, 'llm'],
    ['is work behind a signal', { type: 'llm', waitFor }, 'llm'],
    ['is work in the spelling with underscores', { task_type: 'llm' }, 'llm'],
    ['says what it is', { type: 'approval', approval }, 'approval'],
  ])('of one that %s', (_what, given, type) => {
    expect(Step.parse({ id: 'a', ...given }).type).toBe(type);
  });

  test.each([{ type: 'approval' }, { type: 'sleep' }, { type: 'workflow' }, { type: 'wait' }])(
    'may be the word %o alone: swarms may have such a type',
    (given) => {
      expect(faults({ id: 'a', ...given })).toEqual([]);
    },
  );

  test('is missing where nothing says what the step does', () => {
    expect(faults({ id: 'a' })).toEqual([
      '/type a step needs a type, or one of approval, waitFor, sleep, workflow',
    ]);
    expect(faults({ id: 'a', map, inputs: '$.item' })).toEqual([
      '/type a step needs a type, or one of approval, waitFor, sleep, workflow',
    ]);
  });

  test('that is no text is told so', () => {
    expect(faults({ id: 'a', type: 5 })).toEqual(['/type expected text, not 5']);
  });
});

test('the spelling with underscores means the same in a step that waits as well', () => {
  expect(Step.parse({ task_id: 'ask', approval })).toEqual(Step.parse({ id: 'ask', approval }));
});

test('only a wait without work is a mere wait', () => {
  expect(isMereWait(Step.parse({ id: 'a', waitFor }))).toBe(true);
  expect(isMereWait(Step.parse({ id: 'a', type: 'llm', waitFor }))).toBe(false);
  expect(isMereWait(Step.parse({ id: 'a', type: 'wait' }))).toBe(false);
});

describe('what contradicts itself is refused:', () => {
  const own = (what: string): string =>
    `/${what} a step with a type is run by a swarm: leave out the type, or make ${what} a step of its own before it`;
  const several = (at: string, all: string): string =>
    `/${at} a step has one of ${all}: make them steps of their own, one behind the other`;
  const NO_MAP = '/map only work and workflows can be mapped over a list: leave out map';

  test.each([
    ['an approval with a type', { type: 'llm', approval }, [own('approval')]],
    ['a sleep with a type', { type: 'llm', sleep }, [own('sleep')]],
    ['a sub-workflow with a type', { type: 'llm', workflow }, [own('workflow')]],
    ['a sleep that says it is an approval', { type: 'approval', sleep }, [own('sleep')]],
    ['an approval and a sleep', { approval, sleep }, [several('sleep', 'approval, sleep')]],
    ['an approval and a sub-workflow', { approval, workflow }, [several('workflow', 'approval, workflow')]],
    ['an approval and a signal', { approval, waitFor }, [several('waitFor', 'approval, waitFor')]],
    ['a sleep and a sub-workflow', { sleep, workflow }, [several('workflow', 'sleep, workflow')]],
    ['a signal and a sleep', { waitFor, sleep }, [several('sleep', 'waitFor, sleep')]],
    ['a signal and a sub-workflow', { waitFor, workflow }, [several('workflow', 'waitFor, workflow')]],
    [
      'everything at once, with a type',
      { type: 'llm', approval, waitFor, sleep, workflow },
      [several('waitFor', 'approval, waitFor, sleep, workflow')],
    ],
    ['a map of approvals', { approval, map }, [NO_MAP]],
    ['a map of sleeps', { sleep, map }, [NO_MAP]],
    ['a map of mere waits', { waitFor, map }, [NO_MAP]],
    [
      'a sub-workflow of nothing',
      { workflow: {} },
      ['/workflow a sub-workflow has either definition (a name) or tasks: give one of them'],
    ],
    [
      'a sub-workflow by name and in place',
      { workflow: { definition: 'publish', tasks: [{ id: 'a', type: 'a' }] } },
      ['/workflow a sub-workflow has either definition (a name) or tasks: give one of them'],
    ],
    [
      'dependencies beside a definition',
      { workflow: { definition: 'publish', dependencies: {} } },
      ['/workflow/dependencies a definition has its own dependencies: leave them out'],
    ],
    [
      'a version of steps in place',
      { workflow: { tasks: [{ id: 'a', type: 'a' }], version: 2 } },
      ['/workflow/version only definitions have versions: leave it out'],
    ],
    [
      'an input beside a path for all of it',
      { type: 'a', input: { depth: 1 }, inputs: '$.run.input' },
      ['/inputs one path is the whole input: leave out input, or give a path for each field'],
    ],
    [
      'fields for an input that is a list',
      { type: 'a', input: [1], inputs: { url: '$.run.input.url' } },
      ['/input must be an object: inputs adds fields to it'],
    ],
    [
      'an item for an input that is a number',
      { type: 'a', input: 1, map },
      ['/input must be an object: map adds item and index to it'],
    ],
    [
      'an input by reference with fields to add',
      { type: 'a', inputRef, inputs: { url: '$.run.input.url' } },
      ['/inputRef an input by reference stays as it is: leave it out, or leave out inputs'],
    ],
    [
      'an input by reference for each item',
      { type: 'a', inputRef, map },
      ['/inputRef an input by reference stays as it is: leave it out, or leave out map'],
    ],
    [
      'the id of a compensation',
      { type: 'a', id: 'undo:fetch' },
      ['/id ids that begin with undo: are those of compensations: choose another'],
    ],
    [
      'an approval that nobody may give',
      { approval: { approvers: [] } },
      ['/approval/approvers name at least one, or leave approvers out'],
    ],
  ])('%s', (_what, given, expected) => {
    expect(faults({ id: 'a', ...given })).toEqual(expected);
  });

  test('all at once, with the faults of single fields', () => {
    expect(
      faults({ id: 'undo:a', approval, sleep, workflow: {}, colour: 'red', priority: 'urgent' }).sort(),
    ).toEqual([
      '/colour unknown field "colour": remove it or check its spelling',
      '/id ids that begin with undo: are those of compensations: choose another',
      '/priority expected critical, high, normal or low, not "urgent"',
      several('sleep', 'approval, sleep, workflow'),
      '/workflow a sub-workflow has either definition (a name) or tasks: give one of them',
    ]);
  });
});

describe('what is no path, no time and no join is refused with what to write instead:', () => {
  test.each([
    [
      'a path without its dollar',
      { type: 'a', inputs: { url: 'run.input' } },
      '/inputs/url a JSON path starts with $, such as $.steps.fetch.output.title',
    ],
    ['a list that is no path', { type: 'a', map: { over: [1, 2] } }, '/map/over expected text, not a list'],
    ['a sleep of nothing', { sleep: {} }, EITHER],
    ['a sleep for and until', { sleep: { ms: 1, until: '2030-01-31T12:00:00Z' } }, EITHER],
    ['a sleep until a word', { sleep: { until: 'tomorrow' } }, EITHER],
    [
      'a join by another word',
      { type: 'a', join: 'some' },
      '/join expected all, any, none-failed, all-ended or {"atLeast": n}',
    ],
    [
      'a join of at least none',
      { type: 'a', join: { atLeast: 0 } },
      '/join/atLeast must be at least 1, not 0',
    ],
    [
      'a map that waits for a signal',
      { type: 'a', map: { over: '$.run.input' }, waitFor: { signal: 'go' } },
      '/waitFor a map waits for no signal: make the wait a step of its own before it',
    ],
    ['a condition without text', { type: 'a', when: '' }, '/when must not be empty'],
    [
      'a condition that is too long',
      { type: 'a', when: 'x'.repeat(LIMITS.EXPRESSION_CHARS + 1) },
      `/when must have at most ${LIMITS.EXPRESSION_CHARS} characters, not ${LIMITS.EXPRESSION_CHARS + 1}`,
    ],
  ])('%s', (_what, given, expected) => {
    expect(faults({ id: 'a', ...given })).toEqual([expected]);
  });
});

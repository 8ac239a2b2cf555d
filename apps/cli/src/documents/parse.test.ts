import { Fault } from '../faults';
import { parseDocument, parseDocuments, withLines } from './parse';

function faultOf(name: string, text: string): Fault {
  try {
    parseDocument(name, text);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('documents', () => {
  test('the name decides between JSON and YAML; without one, the first character does', () => {
    expect(parseDocument('a.yaml', 'tasks: [1]').value).toEqual({ tasks: [1] });
    expect(parseDocument('a.json', '{"tasks":[1]}').value).toEqual({ tasks: [1] });
    expect(parseDocument('-', ' {"tasks":[1]}').value).toEqual({ tasks: [1] });
    expect(parseDocument('-', 'tasks:\n  - 1').value).toEqual({ tasks: [1] });
  });

  test.each([
    ['w.json', '{\n  "tasks": [1,,2]\n}', 'w.json:2:15: not valid JSON: expected a value'],
    ['w.json', '{\n  "tasks": [', 'w.json:2:13: not valid JSON: expected'],
    ['-', '{"a": tru}', 'standard input:1:7: not valid JSON'],
    ['w.yaml', 'tasks:\n  - id: a\n   type: b\n', 'w.yaml:3:'],
    ['w.yaml', 'a: 1\na: 2\n', 'w.yaml:2:1: not valid YAML: Map keys must be unique'],
  ])('broken text of %s is located: %j', (name, text, expected) => {
    const fault = faultOf(name, text);
    expect(fault.message).toContain(expected);
    expect(fault.exit).toBe(2);
  });

  test('a YAML document that multiplies itself by aliases is refused', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefg'
        .split('')
        .map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdef'[i]}`).join(',')}]`),
    ];
    expect(faultOf('bomb.yaml', bomb.join('\n')).message).toContain('not valid YAML');
  });

  test('findings are told the line of the file, in JSON as in YAML', () => {
    const findings = [
      { pointer: '/tasks/1/id', code: 'x', message: 'bad id' },
      { pointer: '/tasks/0/retry/maxAttempts', code: 'x', message: 'missing' },
      { pointer: '/dependencies/a~1b', code: 'x', message: 'unknown' },
    ];
    const yaml = 'tasks:\n  - id: a\n    type: t\n  - type: t\n    id: "!"\ndependencies:\n  a/b: [a]\n';
    const json =
      '{"tasks": [\n{"id": "a",\n"type": "t"},\n{"type": "t",\n"id": "!"}],\n"dependencies": {\n"a/b": ["a"]}}';
    expect(withLines(parseDocument('w.yaml', yaml), findings).map(({ message }) => message)).toEqual([
      'bad id (line 5)',
      'missing (line 2)',
      'unknown (line 7)',
    ]);
    expect(withLines(parseDocument('w.json', json), findings).map(({ message }) => message)).toEqual([
      'bad id (line 5)',
      'missing (line 2)',
      'unknown (line 7)',
    ]);
  });
});

test('a file with a document per line knows them all, and tells the line of each finding', () => {
  const source = parseDocuments('plans.jsonl', '{"a":1}\n\n{"a":2}\n');
  expect(source.values).toEqual([{ a: 1 }, { a: 2 }]);
  const findings = [
    { pointer: '/1/a', code: 'x', message: 'wrong' },
    { pointer: '', code: 'y', message: 'several' },
  ];
  expect(withLines(source, findings).map(({ message }) => message)).toEqual(['wrong (line 3)', 'several']);
});

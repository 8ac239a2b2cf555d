import fc from 'fast-check';
import { toDot } from './dot';
import { foldSteps } from './fold';
import { toMermaid } from './mermaid';
import type { DrawingNode, DrawingStep } from './step';

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('end', 'graph', 'a"b', '\\', 'x\\"', '<b>', 'a\nb', '[0..9]', 'n->m;'),
);
const anyNodes = fc.uniqueArray(anyText, { minLength: 1, maxLength: 8 }).chain((ids) =>
  fc
    .array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: ids.length, maxLength: ids.length })
    .map((before) =>
      ids.map((id, at): DrawingNode => {
        const dependsOn = [
          ...new Set(before[at]?.filter((each) => each < at).map((each) => ids[each] ?? '')),
        ];
        const step: DrawingStep = {
          id,
          type: 'work',
          dependsOn,
          note: id,
          state: at % 2 === 0 ? 'running' : 'failed',
        };
        return {
          id,
          label: id,
          steps: [step],
          dependsOn,
          critical: at % 3 === 0,
          criticalFrom: dependsOn.slice(0, 1),
        };
      }),
    ),
);

/** The part of the grammar of DOT that is written, strictly: https://graphviz.org/doc/info/lang.html */
function readDot(text: string): { nodes: Map<string, string>; edges: [string, string][] } {
  let rest = text;
  const take = (pattern: RegExp): string => {
    const match = new RegExp(`^\\s*(?:${pattern.source})`, 'u').exec(rest);
    if (!match) throw new Error(`not DOT: ${rest.slice(0, 60)}`);
    rest = rest.slice(match[0].length);
    return match[0].trim();
  };
  const sees = (pattern: RegExp): boolean => new RegExp(`^\\s*(?:${pattern.source})`, 'u').test(rest);
  const STRING = /"(?:[^"\\]|\\.)*"/;
  const ID = /"(?:[^"\\]|\\.)*"|[a-zA-Z_][a-zA-Z_0-9]*|-?(?:\.\d+|\d+(?:\.\d*)?)/;
  const unquoted = (id: string): string =>
    id.slice(1, -1).replaceAll(/\\(.)/gs, (_, char: string) => (char === 'n' ? '\n' : char));
  const attributes = (): Map<string, string> => {
    const found = new Map<string, string>();
    take(/\[/);
    while (!sees(/\]/)) {
      const name = take(ID);
      take(/=/);
      found.set(name, take(ID));
      if (sees(/,/)) take(/,/);
    }
    take(/\]/);
    return found;
  };
  const nodes = new Map<string, string>();
  const edges: [string, string][] = [];
  take(/digraph/);
  take(STRING);
  take(/\{/);
  while (!sees(/\}/)) {
    if (sees(/(?:node|edge)\s*\[/)) {
      take(/node|edge/);
      attributes();
    } else if (sees(/[a-z]+=/)) take(/[a-z]+=[A-Z]+/);
    else {
      const id = unquoted(take(STRING));
      if (sees(/->/)) {
        take(/->/);
        edges.push([id, unquoted(take(STRING))]);
        if (sees(/\[/)) attributes();
      } else nodes.set(id, unquoted(attributes().get('label') ?? ''));
    }
    take(/;/);
  }
  take(/\}/);
  expect(rest.trim()).toBe('');
  return { nodes, edges };
}

describe('DOT', () => {
  test('whatever steps are called, the text is DOT, and has every node, label and edge', () => {
    fc.assert(
      fc.property(anyNodes, (given) => {
        const { nodes, edges } = readDot(toDot(given));
        const wanted = given.map(({ id }) => id.replaceAll('\r\n', '\n'));
        expect([...nodes.keys()]).toEqual(wanted);
        expect([...nodes.values()].every((label, at) => label.includes(wanted[at] ?? ''))).toBe(true);
        expect(edges).toHaveLength(given.reduce((sum, { dependsOn }) => sum + dependsOn.length, 0));
      }),
    );
  });
});

describe('Mermaid', () => {
  test('whatever steps are called, every line is one of a flowchart, and no text ends its quotes', () => {
    const line =
      /^(?:flowchart TD| {2}n\d+\["[^"<>[\]{}|`\\;]*(?:#\d+;[^"<>[\]{}|`\\;]*)*(?:<br\/>(?:[^"<>[\]{}|`\\;]|#\d+;)*)?"\]:::[a-z]+| {2}n\d+ --> n\d+| {2}classDef [a-z]+ [#a-f0-9:,a-z]+| {2}style n\d+ stroke-width:3px| {2}linkStyle \d+(?:,\d+)* stroke-width:3px)$/u;
    fc.assert(
      fc.property(anyNodes, (given) => {
        const lines = toMermaid(given).trimEnd().split('\n');
        for (const each of lines) expect(each).toMatch(line);
        expect(lines.filter((each) => each.includes('-->'))).toHaveLength(
          given.reduce((sum, { dependsOn }) => sum + dependsOn.length, 0),
        );
      }),
    );
  });

  test('a fold and its critical path are drawn', () => {
    const steps = ['a', 'b'].map((id, at): DrawingStep => ({
      id,
      type: 'work',
      dependsOn: at === 0 ? [] : ['a'],
      state: 'running',
    }));
    expect(toMermaid(foldSteps(steps, ['a', 'b']))).toBe(
      'flowchart TD\n  n0["▶ a"]:::running\n  n1["▶ b"]:::running\n  n0 --> n1\n' +
        '  classDef running fill:#8ecbff,color:#0b3d66\n  style n0 stroke-width:3px\n  style n1 stroke-width:3px\n  linkStyle 0 stroke-width:3px\n',
    );
  });
});

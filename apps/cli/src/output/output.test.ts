import { stripVTControlCharacters } from 'node:util';
import { memoryIo } from '../../test/support/memory-io';
import type { Format } from './format';
import { cut, LiveRegion } from './live-region';
import { Printer, type View } from './printer';

interface Fruit {
  id: string;
  weight: number;
}
const view: View<Fruit> = {
  name: ({ id }) => id,
  none: 'no fruit',
  columns: ({ color }) => [
    { header: 'FRUIT', value: ({ id }) => color.green(id) },
    { header: 'WEIGHT', value: ({ weight }) => String(weight), align: 'right' },
    { header: 'NOTE', value: () => 'ripe', wide: true },
  ],
};
const fruits = [
  { id: 'apple', weight: 150 },
  { id: 'fig', weight: 40 },
];

function list(
  format: Format,
  items = fruits,
  env: Record<string, string> = {},
): { out: string; err: string } {
  const io = memoryIo({ env });
  new Printer(io, format).list(view, items, 'c1');
  return { out: io.out(), err: io.err() };
}

describe('output formats', () => {
  test('a table is aligned, without trailing spaces', () => {
    expect(list('table').out).toBe('FRUIT  WEIGHT\napple     150\nfig        40\n');
  });

  test('colours do not disturb the alignment', () => {
    const plain = stripVTControlCharacters(list('wide', fruits, { FORCE_COLOR: '1' }).out);
    expect(plain).toBe(list('wide').out);
    expect(list('wide', fruits, { FORCE_COLOR: '1', NO_COLOR: '1' }).out).toBe(list('wide').out);
  });

  test('wide adds columns', () => expect(list('wide').out).toContain('NOTE'));

  test('json and yaml carry the cursor, jsonl and name one line per item', () => {
    expect(JSON.parse(list('json').out)).toEqual({ items: fruits, next: 'c1' });
    expect(list('yaml').out).toContain('next: c1');
    expect(
      list('jsonl')
        .out.trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Fruit),
    ).toEqual(fruits);
    expect(list('name').out).toBe('apple\nfig\n');
  });

  test('an empty table says so on stderr and leaves stdout empty', () => {
    expect(list('table', [])).toEqual({ out: '', err: 'no fruit\n' });
    expect(JSON.parse(list('json', []).out)).toEqual({ items: [], next: 'c1' });
  });
});

describe('live region', () => {
  test('redraws in place on a terminal and cuts long lines', () => {
    const io = memoryIo({ terminal: true });
    const region = new LiveRegion(io.stderr);
    region.draw(['one', 'two']);
    region.draw(['x'.repeat(200)]);
    expect(io.err()).toContain('\r\u001b[2A');
    expect(io.err()).toContain(`${'x'.repeat(98)}…`);
  });

  test('draws nothing where nothing can be redrawn', () => {
    const io = memoryIo();
    const region = new LiveRegion(io.stderr);
    region.draw(['one']);
    region.note('lasting');
    expect(io.err()).toBe('lasting\n');
  });

  test('cutting counts what is seen and ends the colour', () => {
    expect(cut('\u001b[32mgreen apples\u001b[39m', 6)).toBe('\u001b[32mgreen\u001b[39m…\u001b[0m');
    expect(cut('short', 6)).toBe('short');
  });
});

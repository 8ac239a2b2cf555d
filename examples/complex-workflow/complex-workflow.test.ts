import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { list } from 'tar';
import { analyzeRequirements } from './analyze-requirements';
import { deploySolution } from './deploy-solution';
import { designArchitecture } from './design-architecture';
import { implementSolution } from './implement-solution';
import { testSolution } from './test-solution';
import type { Files, Solution } from './documents';

const { signal } = new AbortController();
let document: string;
let solution: Solution;
let directory: string;

beforeAll(async () => {
  document = await readFile(join(__dirname, 'requirements.md'), 'utf8');
  solution = implementSolution(designArchitecture(analyzeRequirements(document)));
  directory = await mkdtemp(join(tmpdir(), 'complex-workflow-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function without(files: Files, path: string, text: string): Files {
  const before = files[path] ?? '';
  expect(before).toContain(text);
  return { ...files, [path]: before.replace(text, '') };
}

test('things, their references and what is needed of them are read from the document', () => {
  const { title, things, needs } = analyzeRequirements(document);
  expect(title).toBe('Lending desk');
  expect(things.map(({ name }) => name)).toEqual(['book', 'tool', 'member', 'loan']);
  expect(things[0]?.fields).toEqual([
    { name: 'title', kind: 'text' },
    { name: 'author', kind: 'text' },
    { name: 'copies', kind: 'number' },
  ]);
  expect(things[3]).toEqual({
    name: 'loan',
    fields: [{ name: 'due_date', kind: 'text' }],
    refersTo: ['member', 'book'],
  });
  expect(needs[1]).toEqual({ id: 'N2', thing: 'tool', operations: ['add', 'list', 'read', 'remove'] });
});

test('everything that does not hold together is found at once', () => {
  const broken = [
    '- A loan has a date (text), and refers to a ship.',
    '- N1: Staff can list boats.',
    '- N2: Staff want things to be nice.',
    '- N3: Staff can admire loans.',
  ].join('\n');
  expect(() => analyzeRequirements(broken)).toThrow(
    'N2 cannot be understood; N1 is about a boat, which is not described; N3 asks for no known operation; ' +
      'a loan refers to a ship, which is not described',
  );
});

test('a service comes after those that it calls, and a circle of references is refused', () => {
  const { services } = designArchitecture(analyzeRequirements(document));
  const names = services.map(({ name }) => name);
  for (const { name, calls } of services)
    for (const { service } of calls) expect(names.indexOf(service)).toBeLessThan(names.indexOf(name));
  const circle = [
    { name: 'egg', fields: [], refersTo: ['hen'] },
    { name: 'hen', fields: [], refersTo: ['egg'] },
  ];
  expect(() => designArchitecture({ title: 'Circle', things: circle, needs: [] })).toThrow(/egg, hen/);
});

test('the test step notices a route that is not there', async () => {
  const files = without(solution.files, 'books/main.py', '@app.delete("/books/{id}")\n');
  const { report } = await testSolution({ ...solution, files }, 0.9, signal);
  expect(report).toMatchObject({ routes: 18, covered: 17, missing: ['N1 (DELETE /books/{id})'] });
  await expect(testSolution({ ...solution, files }, 1, signal)).rejects.toThrow(/94\.4 % .*N1/);
});

test('the test step refuses a program that does not compile, where a Python is installed', async () => {
  const { report } = await testSolution(solution, 1, signal);
  if (report.compiledBy === null) return;
  const files = without(solution.files, 'loans/main.py', '"loans")');
  await expect(testSolution({ ...solution, files }, 1, signal)).rejects.toThrow(/^loans\/main\.py: /);
});

test('the release holds every file, and is the same whenever it is packed', async () => {
  const tested = await testSolution(solution, 1, signal);
  const first = await deploySolution(tested, join(directory, 'first'));
  const second = await deploySolution(tested, join(directory, 'second'));
  expect(second.sha256).toBe(first.sha256);
  const packed = createHash('sha256').update(await readFile(first.archive));
  expect(packed.digest('hex')).toBe(first.sha256);
  const inside: string[] = [];
  await list({ file: first.archive, onReadEntry: (entry) => inside.push(entry.path) });
  expect(inside).toEqual(expect.arrayContaining([...Object.keys(solution.files), 'manifest.json']));
});

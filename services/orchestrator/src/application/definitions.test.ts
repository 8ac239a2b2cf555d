import { LIMITS, type Definition } from '@multiswarm/contracts';
import { referenceFaults, resolveWorkflow, type GetDefinition } from './definitions';

const task = (id: string) => ({ id, type: 'build' });
const uses = (id: string, definition: string, version?: number) => ({
  id,
  workflow: { definition, ...(version === undefined ? {} : { version }) },
});

/** Definitions by name, each body one version; and which were asked for. */
function library(all: Record<string, object[]>): { get: GetDefinition; asked: string[] } {
  const asked: string[] = [];
  const get: GetDefinition = (namespace, name, version) => {
    asked.push(`${namespace}/${name}@${version ?? ''}`);
    const versions = all[name] ?? [];
    const number = version ?? versions.length;
    const body = versions[number - 1] as Definition['body'] | undefined;
    if (!body) return Promise.resolve(undefined);
    const about = { createdAt: '2026-01-01T00:00:00.000Z', steps: 1, bodyHash: 'x' };
    return Promise.resolve({ namespace, name, version: number, ...about, body });
  };
  return { get, asked };
}

test('a workflow without references is the very one that was given', async () => {
  const given = { tasks: [task('a')], dependencies: {} };
  const { get, asked } = library({});
  expect((await resolveWorkflow(given, get)).document).toBe(given);
  expect((await resolveWorkflow('nonsense', get)).document).toBe('nonsense');
  expect(asked).toEqual([]);
});

describe('a run of a definition', () => {
  const { get } = library({
    report: [
      { tasks: [task('old')], dependencies: {} },
      { tasks: [task('new')], dependencies: {}, timeoutMs: 10, concurrency: 3, onFailure: 'stop' },
    ],
  });

  test('is its newest version under its name, and what whoever starts it says goes before what it says', async () => {
    const given = { definition: 'report', input: { url: 'x' }, timeoutMs: 99, idempotencyKey: 'k' };
    const { document, definition, findings } = await resolveWorkflow(given, get);
    expect(findings).toEqual([]);
    expect(definition).toEqual({ name: 'report', version: 2 });
    expect(document).toEqual({
      ...{ name: 'report', namespace: 'default', metadata: {}, idempotencyKey: 'k', input: { url: 'x' } },
      ...{ tasks: [task('new')], dependencies: {}, timeoutMs: 99, concurrency: 3, onFailure: 'stop' },
    });
  });

  test('is of the version that it names', async () => {
    const { document } = await resolveWorkflow({ definition: 'report', version: 1 }, get);
    expect(document).toMatchObject({ tasks: [task('old')] });
  });

  test('has the hash of what was given, whatever the version is by then and the key', async () => {
    const hash = async (given: object) => (await resolveWorkflow(given, get)).bodyHash;
    const older = library({ report: [{ tasks: [task('old')], dependencies: {} }] });
    const first = (await resolveWorkflow({ definition: 'report', idempotencyKey: 'a' }, older.get)).bodyHash;
    expect(await hash({ definition: 'report', idempotencyKey: 'b' })).toBe(first);
    expect(await hash({ definition: 'report', input: 1 })).not.toBe(first);
    expect(await hash({ definition: 'report', version: 2 })).not.toBe(first);
  });

  test('of none that is there is refused, and so is one with steps of its own', async () => {
    await expect(resolveWorkflow({ definition: 'other' }, get)).rejects.toMatchObject({
      code: 'definition-not-found',
      message: 'there is no definition "other" in namespace "default"',
    });
    await expect(resolveWorkflow({ definition: 'report', version: 9 }, get)).rejects.toMatchObject({
      code: 'definition-not-found',
    });
    await expect(resolveWorkflow({ definition: 'report', tasks: [] }, get)).rejects.toMatchObject({
      code: 'invalid-request',
      findings: [{ pointer: '/tasks' }],
    });
  });
});

describe('workflows inside a workflow', () => {
  test('stand in place, with name and version, at any depth; each definition is read once', async () => {
    const { get, asked } = library({
      outer: [{ tasks: [uses('inner', 'leaf'), uses('again', 'leaf', 1)], dependencies: {}, concurrency: 2 }],
      leaf: [{ tasks: [task('leaf')], dependencies: {} }],
    });
    const inline = { id: 'c', workflow: { tasks: [uses('d', 'leaf')] } };
    const given = { namespace: 'shop', tasks: [uses('a', 'outer'), uses('b', 'leaf'), inline] };
    const { document, findings, definition } = await resolveWorkflow(given, get);
    const leaf = { tasks: [task('leaf')], dependencies: {}, definition: { name: 'leaf', version: 1 } };
    expect(findings).toEqual([]);
    expect(definition).toBeUndefined();
    expect(document).toEqual({
      namespace: 'shop',
      tasks: [
        {
          id: 'a',
          workflow: {
            tasks: [
              { id: 'inner', workflow: leaf },
              { id: 'again', workflow: leaf },
            ],
            dependencies: {},
            concurrency: 2,
            definition: { name: 'outer', version: 1 },
          },
        },
        { id: 'b', workflow: leaf },
        { id: 'c', workflow: { tasks: [{ id: 'd', workflow: leaf }] } },
      ],
    });
    expect(asked.sort()).toEqual(['shop/leaf@', 'shop/leaf@1', 'shop/outer@']);
  });

  test('every one that is not there is found, with its place', async () => {
    const { get } = library({ known: [{ tasks: [uses('x', 'gone')] }] });
    const given = { tasks: [task('a'), uses('b', 'known'), uses('c', 'known', 7)] };
    expect((await resolveWorkflow(given, get)).findings).toEqual([
      {
        pointer: '/tasks/1/workflow/tasks/0/workflow/definition',
        code: 'definition-not-found',
        message: 'there is no definition "gone" in namespace "default"',
      },
      {
        pointer: '/tasks/2/workflow/definition',
        code: 'definition-not-found',
        message: 'there is no version 7 of definition "known" in namespace "default"',
      },
    ]);
  });

  test('a definition inside itself is refused with the path', async () => {
    const { get } = library({ a: [{ tasks: [uses('x', 'b')] }], b: [{ tasks: [uses('y', 'a')] }] });
    const message = 'a definition inside itself: a@1 -> b@1 -> a@1';
    const { findings } = await resolveWorkflow({ definition: 'a' }, get);
    expect(findings).toMatchObject([{ code: 'definition-cycle', message }]);
    const inside = await resolveWorkflow({ tasks: [uses('s', 'a')] }, get);
    expect(inside.findings).toMatchObject([{ code: 'definition-cycle', message }]);
  });

  test('one that is only being put is inside itself too, whoever leads to it', async () => {
    const { get } = library({ b: [{ tasks: [uses('y', 'new')] }] });
    const body = { tasks: [uses('x', 'b'), uses('z', 'new')] };
    const { findings } = await referenceFaults({ namespace: 'default', name: 'new' }, body, get);
    expect(findings.map(({ message }) => message)).toEqual([
      'a definition inside itself: new -> b@1 -> new',
      'a definition inside itself: new -> new',
    ]);
  });

  test('they are no deeper than the limit, which is named', async () => {
    const deep = (levels: number): object =>
      levels === 0 ? task('leaf') : { id: 'w', workflow: { tasks: [deep(levels - 1)] } };
    const { get } = library({});
    const findingsAt = async (levels: number) =>
      (await resolveWorkflow({ tasks: [deep(levels)] }, get)).findings;
    expect(await findingsAt(LIMITS.WORKFLOW_DEPTH)).toEqual([]);
    expect(await findingsAt(LIMITS.WORKFLOW_DEPTH + 1)).toMatchObject([{ code: 'too-deep' }]);
  });

  test('what would grow without end is refused before it is made', async () => {
    const wide = (next: string) => ({
      tasks: Array.from({ length: 200 }, (_, index) => uses(`s${index}`, next)),
    });
    const text = 'x'.repeat(10_000);
    const { get } = library({
      a: [wide('b')],
      b: [wide('c')],
      c: [{ tasks: [{ ...task('t'), input: { text } }] }],
    });
    const { findings } = await resolveWorkflow({ definition: 'a' }, get);
    expect(findings).toMatchObject([
      { code: 'too-large', message: expect.stringContaining('RESOLVED_BYTES') },
    ]);
  });
});

import { validateWorkflow } from '../validate/validate-workflow';
import { detectFormat } from './detect';
import { importWorkflow } from './import-workflow';

const plan = (id: string, more: object = {}) => ({
  id,
  source: 'test',
  nodes: { 1: 'go to the desk', 2: 'take the pen', 3: 'take the lamp', 4: 'look' },
  edges: [
    ['START', '1'],
    ['1', '2'],
    ['1', '3'],
    ['2', '4'],
    ['3', '4'],
    ['4', 'END'],
  ],
  ...more,
});

describe('what a file is', () => {
  test.each<[unknown, string | undefined]>([
    [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', spec: {} }, 'argo'],
    [{ tasks: [{ name: 'A' }, { name: 'B', depends: 'A' }] }, 'argo'],
    [{ workflow: { specification: { tasks: [] } } }, 'wfcommons'],
    [{ workflow: { jobs: [] } }, 'wfcommons'],
    [plan('p'), 'worfbench'],
    [{ tasks: [{ id: 'a', type: 'work' }] }, undefined],
    [{ tasks: [{ task_id: 'a', task_type: 'work' }] }, undefined],
    [{ tasks: [] }, undefined],
    [null, undefined],
    ['text', undefined],
  ])('is told by its content: %j is %s', (document, format) => {
    expect(detectFormat([document])).toBe(format);
  });
});

describe('import of a WorfBench plan', () => {
  test('nodes become steps with their text as the instruction, and edges dependencies', () => {
    const { workflow, findings } = importWorkflow([plan('alfworld_1')], { format: 'worfbench' });
    expect(findings).toEqual([]);
    expect(workflow).toMatchObject({
      name: 'alfworld_1',
      dependencies: { '2': ['1'], '3': ['1'], '4': ['2', '3'] },
    });
    expect(workflow?.tasks[1]).toEqual({
      id: '2',
      type: 'plan-step',
      input: { instruction: 'take the pen' },
    });
    expect(validateWorkflow(workflow).ok).toBe(true);
  });

  test('edges that lead nowhere, and nodes without a text, are findings', () => {
    const broken = plan('p', { nodes: { 1: 'a', 2: 5 }, edges: [['1', '7'], ['1'], ['1', '2']] });
    const { workflow, findings } = importWorkflow([broken], { format: 'worfbench' });
    expect(workflow).toBeUndefined();
    expect(findings.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
      '/nodes/2 invalid-type',
      '/edges/0 unknown-node',
      '/edges/1 invalid-type',
    ]);
  });

  test.each([
    ['b', 'b'],
    ['2', 'b'],
  ])('of several, --name %s is that one', (name, id) => {
    const { workflow } = importWorkflow([plan('a'), plan('b')], { format: 'worfbench', name });
    expect(workflow?.name).toBe(id);
  });

  test('of several, none or an unknown one is a finding that lists them', () => {
    const asked = (name?: string) =>
      importWorkflow([plan('a'), plan('b')], { format: 'worfbench', name }).findings[0]?.message;
    expect(asked()).toBe('2 workflows: say which one with --name, one of a, b, or its number');
    expect(asked('c')).toBe('no workflow has the name "c", there are a, b');
    expect(asked('0')).toBe('no workflow has the name "0", there are a, b');
  });

  test('findings in one of several documents begin with its number', () => {
    const { findings } = importWorkflow([plan('a'), plan('b', { nodes: {} })], {
      format: 'worfbench',
      name: 'b',
    });
    expect(findings[0]?.pointer).toBe('/1/nodes');
  });
});

import { AddStepsRequest, type Capacity, type Definition } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { additionsTo, type KnownSteps } from '../domain/workflow/additions';
import type { AddedSteps } from '../domain/workflow/run-command';
import type { RunStep } from '../domain/workflow/run';
import { RunInputs } from './run-inputs';
import { WorkflowSnapshots } from './workflow-snapshots';

const NOBODY: Capacity = {
  ...{ known: 0, feasible: 0, slots: 0, busySlots: 0, withRoom: 0 },
  ...{ swarms: [], nearest: [], regions: [] },
};

/** @param versions of a definition called `report` */
function snapshots(
  versions: object[],
  capacity: (asked: { type: string }) => Capacity = () => NOBODY,
): WorkflowSnapshots {
  return new WorkflowSnapshots({
    find: (namespace, name, version = versions.length) => {
      const body = versions[version - 1] as Definition['body'] | undefined;
      const about = { createdAt: '2030-01-01T00:00:00.000Z', steps: 1, bodyHash: 'x' };
      return Promise.resolve(
        name === 'report' && body ? { namespace, name, version, ...about, body } : undefined,
      );
    },
    inputs: new RunInputs(),
    capacities: { capacity: (asked) => Promise.resolve(capacity(asked)) },
    clock: new ManualClock(),
  });
}

const asked = (...tasks: object[]): AddedSteps => AddStepsRequest.parse({ tasks });
const BUILD = { tasks: [{ id: 'b', type: 'build' }] };
const uses = (definition: string) => ({ id: 'sub', workflow: { definition } });

test('workflows inside steps that are added stand in place, with their defaults', async () => {
  const inline = {
    id: 'own',
    workflow: { tasks: [{ task_id: 'b', task_type: 'build', input: { n: 1 } }] },
  };
  const { tasks } = await snapshots([BUILD]).added('default', asked(uses('report'), inline));
  const b = { id: 'b', type: 'build', priority: 'normal', metadata: {} };
  expect(tasks).toMatchObject([
    { workflow: { definition: { name: 'report', version: 1 }, tasks: [b], dependencies: {} } },
    { workflow: { tasks: [{ ...b, input: { n: 1 } }], dependencies: {} } },
  ]);
});

test('what is wrong inside of them is told with its place', async () => {
  const cyclic = { tasks: BUILD.tasks, dependencies: { b: ['b'] } };
  const refused = snapshots([BUILD]).added('default', asked(uses('nothing'), { id: 'a', type: 'build' }));
  await expect(refused).rejects.toMatchObject({
    code: 'invalid-workflow',
    findings: [{ pointer: '/tasks/0/workflow/definition', code: 'definition-not-found' }],
  });
  const wrong = snapshots([]).added('default', asked({ id: 'a', workflow: cyclic }));
  await expect(wrong).rejects.toMatchObject({
    findings: [{ pointer: '/tasks/0/workflow/dependencies/b', message: 'cycle: b -> b' }],
  });
});

test('a repetition adds nothing, also where a definition has a newer version by then', async () => {
  const run = new Map<string, RunStep>();
  const known: KnownSteps = {
    has: (id) => run.has(id),
    step: (id) => run.get(id) as RunStep, // asked for only where it has one
    steps: () => [...run.values()],
  };
  const add = async (versions: object[], what: AddedSteps): Promise<string[]> => {
    const added = await snapshots(versions).added('default', what);
    const fresh = additionsTo(known, added, undefined, () => 't0-1');
    for (const { run: step } of fresh) run.set(step.id, step);
    return fresh.map(({ step }) => step.id);
  };
  expect(await add([BUILD], asked(uses('report')))).toEqual(['sub']);
  expect(await add([BUILD, { ...BUILD, timeoutMs: 5 }], asked(uses('report')))).toEqual([]);
  await expect(add([BUILD], asked({ ...uses('report'), when: 'true' }))).rejects.toThrow(
    'the run has another step "sub"',
  );
});

test('what the fleet lacks is told beside what is wrong with a workflow, as far as its steps can be read', async () => {
  const none = (type: string): Capacity => ({ ...NOBODY, known: 2, feasible: type === 'paint' ? 0 : 2 });
  const workflows = snapshots([], ({ type }) => none(type));
  const paint = { id: 'p', type: 'paint' };
  const given = {
    tasks: [
      { id: 'bad id', type: 'paint' },
      paint,
      { id: 'sub', workflow: { tasks: [{ ...paint, x: 1 }, paint] } },
    ],
    dependencies: { p: ['p'] },
  };
  const { valid, findings, warnings } = await workflows.validate(given);
  expect(valid).toBe(false);
  expect(findings.map(({ pointer }) => pointer)).toEqual(
    expect.arrayContaining(['/tasks/0/id', '/dependencies/p', '/tasks/2/workflow/tasks/0/x']),
  );
  expect(warnings?.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
    '/tasks/1 no-swarm',
    '/tasks/2/workflow/tasks/1 no-swarm',
  ]);
});

import { Step, type Capacity } from '@multiswarm/contracts';
import { fleetWarnings } from './fleet-warnings';

const NOBODY: Capacity = {
  known: 0,
  feasible: 0,
  slots: 0,
  busySlots: 0,
  withRoom: 0,
  swarms: [],
  nearest: [],
  regions: [],
};
const step = (given: object): Step => Step.parse(given);

/** Two swarms that do everything but paint. */
function fleet(asked: string[] = []) {
  return {
    capacity: ({ type }: { type: string }): Promise<Capacity> => {
      asked.push(type);
      const feasible = type === 'paint' ? 0 : 2;
      const nearest =
        feasible > 0
          ? []
          : [
              {
                swarmId: 's1',
                region: 'eu',
                state: 'ready' as const,
                lacks: ['type "paint"', 'capability "gpu"'],
              },
            ];
      return Promise.resolve({ ...NOBODY, known: 2, feasible, nearest });
    },
  };
}

test('each step that no swarm could run is told with its place and what is missing, also deep inside and of compensations', async () => {
  const asked: string[] = [];
  const tasks = [
    step({ id: 'a', type: 'echo', compensate: { type: 'paint' } }),
    step({ id: 'b', type: 'paint' }),
    {
      ...step({ id: 'c', workflow: { tasks: [{ id: 'd', type: 'paint' }] } }),
      workflow: { tasks: [step({ id: 'd', type: 'paint' })] },
    },
    step({ id: 'e', approval: {} }),
    step({ id: 'f', sleep: { ms: 1 } }),
    step({ id: 'g', waitFor: { signal: 'go' } }),
  ];
  const warnings = await fleetWarnings(tasks, fleet(asked));
  expect(warnings.map(({ pointer, code }) => [pointer, code])).toEqual([
    ['/tasks/0/compensate', 'no-swarm'],
    ['/tasks/1', 'no-swarm'],
    ['/tasks/2/workflow/tasks/0', 'no-swarm'],
  ]);
  expect(warnings[0]?.message).toBe(
    'none of 2 swarms could run it: s1 (eu), which comes nearest, lacks type "paint", capability "gpu"',
  );
  expect(asked.sort()).toEqual(['echo', 'paint']);
});

test('a fleet that is empty, and one that nobody can be asked about, is one note', async () => {
  const tasks = [step({ id: 'a', type: 'echo' }), step({ id: 'b', type: 'paint' })];
  const empty = await fleetWarnings(tasks, { capacity: () => Promise.resolve(NOBODY) });
  expect(empty).toMatchObject([{ pointer: '', code: 'fleet-empty' }]);
  const away = await fleetWarnings(tasks, { capacity: () => Promise.reject(new Error('away')) });
  expect(away).toMatchObject([{ pointer: '', code: 'fleet-unknown' }]);
});

test('a workflow in which nothing is for a swarm has nothing to ask', async () => {
  const asked: string[] = [];
  expect(await fleetWarnings([step({ id: 'e', approval: {} })], fleet(asked))).toEqual([]);
  expect(asked).toEqual([]);
});

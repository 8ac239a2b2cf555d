import { isMereWait, LIMITS, toPointer, type Capacity, type Finding, type Step } from '@multiswarm/contracts';
import type { Capacities } from '../ports';

/** Classes of steps that one request asks the load-balancer about. */
const MOST_CLASSES = 64;

type Asked = Parameters<Capacities['capacity']>[0];
interface Place {
  asked: Asked;
  at: (string | number)[];
}

/**
 * Steps that no swarm of the present fleet could run, whatever else is wrong or right with a workflow. A fleet that is empty or
 * cannot be asked is one note, and says nothing about the workflow.
 */
export async function fleetWarnings(
  tasks: readonly (Step | undefined)[],
  fleet: Capacities,
): Promise<Finding[]> {
  const classes = new Map<string, Place[]>();
  for (const place of placesIn(tasks, [])) {
    const key = JSON.stringify(place.asked);
    const places = classes.get(key);
    if (places) places.push(place);
    else if (classes.size < MOST_CLASSES) classes.set(key, [place]);
  }
  const asked = [...classes.values()];
  const answers = await Promise.all(
    asked.flatMap(([first]) => (first ? [fleet.capacity(first.asked).catch(() => undefined)] : [])),
  );
  if (answers.includes(undefined))
    return [
      note('fleet-unknown', 'no load-balancer answers: whether any swarm could run the steps is not known'),
    ];
  if (answers.some((answer) => answer?.known === 0))
    return [note('fleet-empty', 'no swarm is connected: the steps wait until there are some')];
  return asked
    .flatMap((places, index) => places.flatMap((place) => unmet(place, answers[index])))
    .slice(0, LIMITS.FINDINGS);
}

/** @param tasks in their places; undefined where one cannot be read */
function* placesIn(tasks: readonly (Step | undefined)[], at: readonly (string | number)[]): Generator<Place> {
  for (const [index, step] of tasks.entries()) {
    if (!step) continue;
    const own = [...at, 'tasks', index];
    if (runsOnSwarm(step)) yield { asked: { type: step.type, requirements: step.requirements }, at: own };
    const { compensate, workflow } = step;
    if (compensate)
      yield {
        asked: { type: compensate.type, requirements: compensate.requirements },
        at: [...own, 'compensate'],
      };
    // Parsed with the rest, by whoever has validated the workflow.
    if (workflow?.tasks) yield* placesIn(workflow.tasks as (Step | undefined)[], [...own, 'workflow']);
  }
}

function runsOnSwarm(step: Step): boolean {
  return !(step.approval ?? step.sleep ?? step.workflow) && !isMereWait(step);
}

function unmet({ asked, at }: Place, answer: Capacity | undefined): Finding[] {
  if (!answer || answer.feasible > 0) return [];
  const nearest = answer.nearest.find(({ lacks }) => lacks.length > 0);
  const message = nearest
    ? `none of ${swarms(answer.known)} could run it: ${nearest.swarmId} (${nearest.region}), which comes nearest, lacks ${nearest.lacks.join(', ')}`
    : `none of ${swarms(answer.known)} takes work of type "${asked.type}" at present`;
  return [{ pointer: toPointer(at), code: 'no-swarm', message }];
}

function swarms(count: number): string {
  return count === 1 ? 'one swarm' : `${count} swarms`;
}

function note(code: string, message: string): Finding {
  return { pointer: '', code, message };
}

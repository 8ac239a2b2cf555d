import { toPointer, type Finding } from '@multiswarm/contracts';
import { topologicalOrder } from '../graph';
import { isRecord, type ReadStep, type ReadWorkflow } from './reading';

/** Joins that cannot be, and steps that can never start because of them. Where there are cycles, nothing is said about what is behind them. */
export function* joinFindings(workflow: ReadWorkflow): Generator<Finding> {
  const impossible = new Set<string>();
  for (const step of workflow.steps) {
    const join = step.fields['join'];
    if (join === undefined) continue;
    const finding = joinFinding(step, join);
    if (finding === undefined) continue;
    if (finding.code === 'join-impossible') impossible.add(step.id);
    yield finding;
  }
  // Without an impossible join every step can start, and nothing needs to be walked through.
  if (impossible.size > 0) yield* unreachable(workflow, impossible);
}

function joinFinding({ id, path, fields, dependsOn }: ReadStep, join: unknown): Finding | undefined {
  const count = new Set(dependsOn).size;
  if (count === 0)
    return {
      pointer: toPointer([...path, 'join']),
      code: 'join-without-dependencies',
      message: `"${id}" depends on nothing, so there is nothing to join: leave out the join, or add dependencies`,
    };
  const least = atLeastOf(join);
  if (least === undefined || least <= count) return undefined;
  const field = isRecord(fields['join']) ? ['atLeast'] : [];
  return {
    pointer: toPointer([...path, 'join', ...field]),
    code: 'join-impossible',
    message: `"${id}" has ${count} ${count === 1 ? 'dependency' : 'dependencies'}: ${least} of them can never succeed`,
  };
}

function atLeastOf(join: unknown): number | undefined {
  const least = isRecord(join) ? join['atLeast'] : undefined;
  return typeof least === 'number' ? least : undefined;
}

function* unreachable({ steps, byId }: ReadWorkflow, impossible: ReadonlySet<string>): Generator<Finding> {
  const never = new Set(impossible);
  for (const id of topologicalOrder(steps)) {
    const step = byId.get(id);
    if (step === undefined || never.has(id)) continue;
    const lost = step.dependsOn.filter((upstream) => never.has(upstream));
    if (lost.length === 0 || canStart(step, lost)) continue;
    never.add(id);
    yield {
      pointer: toPointer(step.path),
      code: 'unreachable-step',
      message: `"${id}" can never start: it needs "${lost[0]}", which can never start`,
    };
  }
}

/** Whether its join can still be, when these never succeed. `all-ended` takes whatever end, `none-failed` any but a bad one. */
function canStart({ fields, dependsOn }: ReadStep, lost: readonly string[]): boolean {
  const join = fields['join'];
  if (join === 'all-ended' || join === 'none-failed') return true;
  const left = new Set(dependsOn).size - new Set(lost).size;
  if (join === 'any') return left > 0;
  const least = atLeastOf(join);
  return least !== undefined && left >= least;
}

import { join } from 'node:path';
import type { Accepted, JsonValue, Task, Workflow } from '@multiswarm/contracts';
import type { HttpApi } from '../api/http-api';
import { paths } from '../api/paths';
import { loadWorkflow } from '../documents/load-workflow';
import { followWorkflow } from '../follow-workflow';
import type { Io } from '../io';
import { formatCost, formatMs } from '../output/durations';
import { paintState, type Paint } from '../output/paint';
import type { Announcer } from '../output/announcer';
import { alignRows } from '../output/table';
import { ranFor } from '../views/task';
import { ROOT } from './programs';

export const DEMO_WORKFLOW = join(ROOT, 'examples', 'delivery', 'workflow.yaml');
/** Real tests of a real project run inside; more than this means that something hangs. */
const DEMO_TIMEOUT_MS = 10 * 60_000;

export interface DemoResult {
  workflow: Workflow;
  tasks: Task[];
}

/** Submits the delivery workflow, shows its steps until it has ended, and reads what became of each. */
export async function runDemo(
  api: HttpApi,
  io: Io,
  signal: AbortSignal,
  announcer: Announcer,
): Promise<DemoResult> {
  const { body } = await loadWorkflow(DEMO_WORKFLOW, 'brief', {}, io);
  const { id } = await api.post<Accepted>(paths.workflows, body);
  const workflow = await followWorkflow(api, id, io, { timeoutMs: DEMO_TIMEOUT_MS, signal, announcer });
  const tasks = await Promise.all(workflow.steps.map((step) => api.get<Task>(paths.task(step.taskId))));
  return { workflow, tasks };
}

/** Result, where each step ran and why, how long it took and what it cost. */
export function demoReport({ workflow, tasks }: DemoResult, color: Paint, now: number): string {
  const steps = tasks.map((task) => [
    `  ${task.step ?? task.id}`,
    paintState(color, task.state),
    task.region ?? '-',
    task.swarmId ?? '-',
    ranFor(task, now),
    formatCost(task.cost) + tokensOf(task),
    whyThere(task),
  ]);
  const table = alignRows([['  STEP', 'STATE', 'REGION', 'SWARM', 'RAN', 'COST', 'WHY THERE'], ...steps], {
    right: [4, 5],
  });
  return `\n${alignRows(summary(workflow, color, now))}\n${table}`;
}

function summary(workflow: Workflow, color: Paint, now: number): string[][] {
  const tookMs =
    (workflow.endedAt === undefined ? now : Date.parse(workflow.endedAt)) - Date.parse(workflow.createdAt);
  const rows = [
    [color.bold('workflow'), `${workflow.id} ${paintState(color, workflow.state)}`],
    ['took', formatMs(tookMs)],
    ['cost', formatCost(workflow.cost)],
  ];
  if (workflow.error) rows.push(['error', workflow.error.message]);
  for (const output of Object.values(workflow.output ?? {})) rows.push(...releaseRows(output));
  return rows;
}

/** What the last step of the delivery workflow hands over. */
function releaseRows(output: JsonValue): string[][] {
  const release = objectOf(output);
  if (release['kind'] !== 'release') return [];
  const archive = objectOf(release['archive']);
  const tests = objectOf(release['tests']);
  return [
    [
      'result',
      `${text(release['name'])} ${text(release['version'])} (before: ${text(release['previousVersion'])})`,
    ],
    [
      'archive',
      `${text(archive['path'])} (${text(archive['files'])} files, ${text(archive['bytes'])} bytes)`,
    ],
    ['tests', `${text(tests['passed'])} of ${text(tests['total'])} passed`],
    ['design', text(release['design'])],
    ['change', text(release['diff'])],
  ];
}

function objectOf(value: JsonValue | undefined): Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function text(value: JsonValue | undefined): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function tokensOf({ usage }: Task): string {
  const total = (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);
  return total === 0 ? '' : `, ${total} tokens`;
}

function whyThere(task: Task): string {
  const last = task.attempts[task.attempts.length - 1];
  return last?.receipt?.because ?? task.waiting?.detail ?? task.error?.message ?? '-';
}

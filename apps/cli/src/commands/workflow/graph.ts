import type { Command } from 'commander';
import { WorkflowId, type Workflow } from '@multiswarm/contracts';
import { foldSteps, stateCounts, toDot, toMermaid, type DrawingNode } from '@multiswarm/workflow';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, GlobalOptions, Invocation } from '../../command';
import { loadWorkflow } from '../../documents/load-workflow';
import { EXIT, usageFault } from '../../faults';
import type { Io } from '../../io';
import { declareWorkflowFile, importAsked, type WorkflowFileOptions } from '../../options/workflow-file';
import { formatMs } from '../../output/durations';
import { Printer, type View, type ViewContext } from '../../output/printer';
import { drawnFile, drawnRun, type Drawn } from '../../views/drawn-steps';
import { graphLines, PAGE_WIDTH } from '../../views/workflow-graph';
import { headLines } from '../../views/workflow-head';
import { watchWorkflow } from '../../watch-workflow';

interface Options extends WorkflowFileOptions {
  fold?: boolean;
  watch?: boolean;
}

export const command: CommandDefinition<Options> = {
  description: `Draws a workflow, of a run by its id or of a file that nobody has submitted: boxes in layers where the window is wide enough,
an indented list where it is not. Of a run each step has its state, and the critical path is drawn with heavy lines; of a
file the estimates tell that path. Many steps that do the same at the same place, and items of a map, are drawn as one.

-o dot is for Graphviz and -o mermaid for Markdown pages; both have every step, unless --fold asks for less.`,
  examples: [
    { command: 'swarmctl workflow graph w3-0198c2d4e5f60718293a4b5c6d', does: 'a run, as it is now' },
    {
      command: 'swarmctl workflow graph w3-0198c2d4e5f60718293a4b5c6d --watch',
      does: 'follow it to its end',
    },
    { command: 'swarmctl workflow graph plan.yaml', does: 'a file, before it is submitted' },
    { command: 'swarmctl workflow graph plan.yaml -o dot | dot -Tsvg > plan.svg', does: 'a picture of it' },
  ],
  draws: true,
  configure(command: Command) {
    declareWorkflowFile(command)
      .option('--fold', 'draw steps that are alike as one (text does)')
      .option('--no-fold', 'draw every step by itself')
      .option('--watch', 'a run: follow it to its end');
  },
  run: graph,
};

async function graph({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const given = args[0] ?? '';
  if (!WorkflowId.safeParse(given).success) return graphFile(given, options, global, io);
  const api = new HttpApi(global.url);
  const read = (): Promise<Workflow> => api.get<Workflow>(paths.workflow(given));
  const printer = new Printer(io, global.format);
  const render = (workflow: Workflow): string => {
    const now = workflow.endedAt === undefined ? io.clock.now() : Date.parse(workflow.endedAt);
    const view = graphView(options, global, io, (context) => headLines(workflow, context));
    return printer.render(view, { ...subjectOf(workflow), ...drawnRun(workflow, now) });
  };
  if (!options.watch) {
    io.stdout.write(render(await read()));
    return EXIT.ok;
  }
  return watchWorkflow(read, render, global, io);
}

async function graphFile(file: string, options: Options, global: GlobalOptions, io: Io): Promise<number> {
  if (options.watch)
    throw usageFault(
      'a file does not change: --watch is for runs',
      `submit it first: swarmctl workflow run ${file}`,
    );
  const { workflow } = await loadWorkflow(file, options.format, importAsked(options), io);
  const { lengthMs, ...drawn } = drawnFile(workflow);
  const { name, tasks } = workflow;
  const length = lengthMs === undefined ? '' : `, ${formatMs(lengthMs)} on the critical path`;
  const steps = tasks.length === 1 ? '1 step' : `${tasks.length} steps`;
  const view = graphView(options, global, io, ({ color }) => [
    `${color.bold(name ?? file)}  ${steps}${length}`,
  ]);
  new Printer(io, global.format).one(view, { ...(name === undefined ? {} : { name }), ...drawn });
  return EXIT.ok;
}

interface Subject extends Drawn {
  id?: string;
  name?: string;
  state?: string;
}

function subjectOf({ id, name, state }: Workflow): Omit<Subject, keyof Drawn> {
  return { id, ...(name === undefined ? {} : { name }), state };
}

function graphView(
  { fold, watch: isWatched }: Options,
  { drawing }: GlobalOptions,
  io: Io,
  head: (context: ViewContext) => string[],
): View<Subject> {
  return {
    name: ({ id, name }) => id ?? name ?? '-',
    none: '',
    columns: () => [],
    data: (subject) => graphData(subject, fold ?? false),
    detail: (subject, context) => {
      const { color, width } = context;
      const nodes = foldSteps(subject.steps, subject.path, fold ?? drawing === undefined);
      if (drawing === 'dot') return toDot(nodes, subject.name ?? subject.id);
      if (drawing === 'mermaid') return toMermaid(nodes);
      const said = head(context);
      const isLive = isWatched === true && io.stdout.isTty;
      const height = isLive ? io.stdout.rows - said.length - 2 : undefined;
      const lines = graphLines(nodes, { width: width ?? PAGE_WIDTH, height, color });
      return [...said, '', ...lines].map((line) => `${line}\n`).join('');
    },
  };
}

/** For programs: nodes, what they wait for, and how their steps are. */
function graphData({ id, name, state, steps, path }: Subject, fold: boolean): object {
  const nodes = foldSteps(steps, path, fold).map((node: DrawingNode) => ({
    id: node.id,
    label: node.label,
    type: node.steps[0]?.type,
    steps: node.steps.length,
    states: Object.fromEntries(stateCounts(node)),
    dependsOn: node.dependsOn,
    critical: node.critical,
  }));
  return { id, name, state, nodes, criticalPath: path };
}

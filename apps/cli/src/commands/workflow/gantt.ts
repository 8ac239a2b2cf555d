import type { Command } from 'commander';
import type { Workflow } from '@multiswarm/contracts';
import { drawGantt, foldSteps } from '@multiswarm/workflow';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import type { Io } from '../../io';
import { formatMs } from '../../output/durations';
import { paintLine } from '../../output/paint-line';
import { Printer, type View } from '../../output/printer';
import { drawnRun } from '../../views/drawn-steps';
import { shownRows } from '../../views/shown-rows';
import { PAGE_WIDTH } from '../../views/workflow-graph';
import { headLines } from '../../views/workflow-head';
import { watchWorkflow } from '../../watch-workflow';

interface Options {
  fold: boolean;
  watch?: boolean;
}

export const command: CommandDefinition<Options> = {
  description: `Shows the steps of a workflow over time: what each one waited for its start, how long it ran, and how long it is
expected to run, with the critical path and the present. Many steps that do the same at the same place, and items of a map,
are one bar, as high as many of them ran at the time.`,
  examples: [
    { command: 'swarmctl workflow gantt w3-0198c2d4e5f60718293a4b5c6d', does: 'as it is now' },
    {
      command: 'swarmctl workflow gantt w3-0198c2d4e5f60718293a4b5c6d --watch',
      does: 'follow it to its end',
    },
    {
      command: 'swarmctl workflow gantt w3-0198c2d4e5f60718293a4b5c6d --no-fold',
      does: 'a bar for every step',
    },
  ],
  configure(command: Command) {
    command.option('--no-fold', 'draw every step by itself').option('--watch', 'follow it to its end');
  },
  run: gantt,
};

async function gantt({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const api = new HttpApi(global.url);
  const printer = new Printer(io, global.format);
  const view = ganttView(options, io);
  const read = (): Promise<Workflow> => api.get<Workflow>(paths.workflow(args[0] ?? ''));
  if (!options.watch) {
    printer.one(view, await read());
    return EXIT.ok;
  }
  const render = (workflow: Workflow): string => printer.render(view, workflow);
  return watchWorkflow(read, render, global, io);
}

function ganttView({ fold, watch: isWatched }: Options, io: Io): View<Workflow> {
  return {
    name: ({ id }) => id,
    none: '',
    columns: () => [],
    detail: (workflow, context) => {
      const { color, now, width = PAGE_WIDTH } = context;
      const { from, to, present } = rangeOf(workflow, now);
      const { steps, path } = drawnRun(workflow, present);
      const nodes = foldSteps(steps, path, fold);
      const drawn = drawGantt(nodes, { width, now: present, from, to, formatMs: axisTime });
      const [axis = [], ...bars] = drawn;
      const said = headLines(workflow, context);
      const room = isWatched === true && io.stdout.isTty ? io.stdout.rows - said.length - 5 : undefined;
      const shown = [axis, ...shownRows(bars, bars.length, room)].map((line) => paintLine(line, color));
      const legend = color.dim('┈ waits  █ ran  ░ expected  ▁▄█ how many ran  │ now  ◆ critical path');
      return [...said, '', ...shown, '', legend].map((line) => `${line}\n`).join('');
    },
  };
}

function axisTime(ms: number): string {
  return ms === 0 ? '0 s' : formatMs(ms);
}

/** From the submission to the end, or to the latest that is expected; an ended run has no present. */
function rangeOf(
  { createdAt, endedAt, etaAt, steps }: Workflow,
  now: number,
): { from: number; to: number; present: number } {
  const from = Date.parse(createdAt);
  if (endedAt !== undefined) return { from, to: Date.parse(endedAt), present: Date.parse(endedAt) };
  const expected = steps.flatMap(({ expectedEndAt }) =>
    expectedEndAt === undefined ? [] : [Date.parse(expectedEndAt)],
  );
  const latest = expected.reduce((a, b) => Math.max(a, b), now);
  return { from, to: Math.max(latest, etaAt === undefined ? now : Date.parse(etaAt)), present: now };
}

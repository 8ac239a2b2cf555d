import type { Workflow } from '@multiswarm/contracts';
import type { GlobalOptions } from './command';
import { EXIT } from './faults';
import type { Io } from './io';
import { paint } from './output/paint';
import { stepChanges } from './views/step-changes';
import { watch } from './watch';

/**
 * Shows a run until it has ended: redrawn in place on a terminal; elsewhere a line for each step that changes, and all of it at
 * the end. Programs get all of it each time that it has changed.
 */
export async function watchWorkflow(
  read: () => Promise<Workflow>,
  render: (workflow: Workflow) => string,
  global: GlobalOptions,
  io: Io,
): Promise<number> {
  const isText = global.drawing === undefined && (global.format === 'table' || global.format === 'wide');
  const changes = (before: Workflow | undefined, after: Workflow): string[] =>
    stepChanges(before, after, paint(io.stdout, io.env), io.clock.now());
  const done = ({ state }: Workflow): boolean => state !== 'running';
  const { interrupted } = await watch({ read, render, done, ...(isText ? { changes } : {}) }, global, io);
  return interrupted ? EXIT.interrupted : EXIT.ok;
}

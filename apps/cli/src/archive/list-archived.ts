import type { GlobalOptions } from '../command';
import { EXIT, usageFault } from '../faults';
import type { Io } from '../io';
import { Printer } from '../output/printer';
import { archivedTaskView } from '../views/archive';
import { ArchivedTasks, type TaskConditions } from './archived-tasks';
import { openArchives, readArchives, type ArchiveSource } from './read';

interface Options extends TaskConditions, ArchiveSource {
  limit?: number;
  all?: boolean;
}

const LISTED = 50;
/** What archives can be asked for, beside how the list is printed. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['state', 'type', 'namespace', 'swarm', 'region', 'code', 'workflow'],
  ...['limit', 'all', 'archive', 'partial'],
]);

/** `task list` out of archives of events. */
export async function listArchived(options: Options, { format }: GlobalOptions, io: Io): Promise<number> {
  const unknown = Object.entries(options).find(([name, value]) => !KNOWN.has(name) && value !== undefined);
  if (unknown)
    throw usageFault(
      `archives of events say nothing of ${unknown[0]}`,
      'with --archive there are --state, --type, --namespace, --swarm, --region, --code and --workflow',
    );
  const { files, options: scan } = await openArchives(options, io);
  const tasks = new ArchivedTasks();
  for await (const line of readArchives(files, scan)) tasks.take(line);
  const found = tasks.list(options);
  const shown = options.all === true ? found : found.slice(0, options.limit ?? LISTED);
  new Printer(io, format).list(archivedTaskView, shown);
  if (shown.length < found.length) io.stderr.write(`${found.length - shown.length} more: --all lists all\n`);
  return EXIT.ok;
}

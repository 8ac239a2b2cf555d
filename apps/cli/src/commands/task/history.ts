import type { Command } from 'commander';
import type { Event } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import type { Page } from '../../api/pages';
import { paths } from '../../api/paths';
import { archivedHistory, openArchives, type ArchiveSource } from '../../archive/read';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, Fault } from '../../faults';
import { archiveOptions } from '../../options/archive';
import { Printer } from '../../output/printer';
import { historyView } from '../../views/event';

export const command: CommandDefinition<ArchiveSource> = {
  description:
    'Shows everything that happened to a task or workflow, in order: from the live system, as long as the task is kept there, or from archives ' +
    'of events.',
  examples: [
    { command: 'swarmctl task history t3-0198c2d4e5f60718293a4b5c6d', does: 'what happened to it' },
    {
      command: 'swarmctl task history t3-0198c2d4e5f60718293a4b5c6d --archive archives/',
      does: 'the same from archives, long after it has gone',
    },
    {
      command: 'swarmctl task history w3-0198c2d4e5f60718293a4b5c6d -o jsonl',
      does: 'a workflow, an event per line',
    },
  ],
  configure: (command: Command) => void archiveOptions(command),
  run: history,
};

async function history({ args, options, global, io }: Invocation<ArchiveSource>): Promise<number> {
  const id = args[0] ?? '';
  const events = options.archive === undefined ? await live(global.url, id) : await archived(id, options, io);
  new Printer(io, global.format).list(historyView(events[0]?.at ?? 0), events);
  return EXIT.ok;
}

async function live(url: string, id: string): Promise<Event[]> {
  const path = id.startsWith('w') ? paths.workflowEvents(id) : paths.taskEvents(id);
  return (await new HttpApi(url).get<Page<Event>>(path)).items;
}

async function archived(id: string, source: ArchiveSource, io: Invocation['io']): Promise<Event[]> {
  const { files, options } = await openArchives(source, io);
  const events = await archivedHistory(files, id, options);
  if (events.length > 0) return events;
  const where = files.length === 1 ? (files[0] ?? '') : `these ${files.length} archives`;
  throw new Fault(`there is no event of "${id}" in ${where}`, {
    code: 'task-not-found',
    exit: EXIT.notFound,
  });
}

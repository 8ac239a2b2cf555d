import type { Command } from 'commander';
import { PRIORITIES, parseOrThrow, TaskSubmission, type Accepted, type Task } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { readInput } from '../../options/json-input';
import { collect, collectAttribute, collectPair, integerOption } from '../../options/repeatable';
import { durationOption } from '../../global-options';
import { Printer } from '../../output/printer';
import { acceptedView } from '../../views/accepted';
import { taskWithHistoryView } from '../../views/task';
import { exitOfTask, waitForTask } from '../../api/wait-for-task';

interface Options {
  input?: string;
  priority?: string;
  capability?: string[];
  region?: string[];
  attribute?: Record<string, unknown>;
  label?: Record<string, string>;
  namespace?: string;
  idempotencyKey?: string;
  maxAttempts?: number;
  runLimit?: number;
  wait?: boolean;
  dryRun?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Submits one task and prints its id; the task is durable from then on. With --wait: waits for its end, prints it, ' +
    'and exits with 0 when it succeeded, 1 when it did not, 6 when --timeout was over first (the task goes on).',
  examples: [
    { command: 'swarmctl task submit report', does: 'a task without input' },
    {
      command: `swarmctl task submit summarize --input '{"text":"..."}' --capability llm --region 'eu-*' --wait`,
      does: 'choose where it may run, and wait for the result',
    },
    {
      command: 'swarmctl task submit import --input @rows.json --idempotency-key rows-2024-06 -o name',
      does: 'safe to repeat: the same key gives the same task',
    },
  ],
  configure(command: Command) {
    command
      .option('--input <json>', 'the input: JSON, @file, or - for standard input')
      .option('--priority <priority>', `one of ${PRIORITIES.join(', ')}`)
      .option('--capability <name>', 'a capability that the swarm must have (repeatable)', collect)
      .option('--region <pattern>', 'a region, or a pattern such as eu-* (repeatable: any of them)', collect)
      .option(
        '--attribute <k=v>',
        'an attribute that the swarm must declare: numbers mean "at least" (repeatable)',
        collectAttribute,
      )
      .option('--label <k=v>', 'a label that the swarm must carry (repeatable)', collectPair('--label'))
      .option('--namespace <name>', 'the tenant')
      .option('--idempotency-key <key>', 'a repeated submission with the same key is the same task')
      .option('--max-attempts <n>', 'how often to try', integerOption('--max-attempts', 1, 100))
      .option('--run-limit <duration>', 'longest run of one attempt', durationOption)
      .option('--wait', 'wait for the end')
      .option('--dry-run', 'check and print what would be submitted');
  },
  run: submit,
};

async function submit({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const submission = await submissionOf(args[0] ?? '', options, io);
  const checked = parseOrThrow(TaskSubmission, submission);
  const printer = new Printer(io, global.format);
  if (options.dryRun) {
    io.stdout.write(`${JSON.stringify(checked, null, 2)}\n`);
    return 0;
  }
  const api = new HttpApi(global.url);
  const accepted = await api.post<Accepted>(paths.tasks, submission);
  if (accepted.duplicate) io.stderr.write(`${accepted.id} was submitted before under this idempotency key\n`);
  if (!options.wait) {
    printer.one(acceptedView, accepted);
    return 0;
  }
  io.stderr.write(`task ${accepted.id}\n`);
  const task: Task = await waitForTask(api, accepted.id, global, io);
  printer.one(taskWithHistoryView([]), task);
  return exitOfTask(task, io);
}

/** Only what was asked for, so that the server's defaults apply. */
async function submissionOf(
  type: string,
  options: Options,
  io: Invocation['io'],
): Promise<Record<string, unknown>> {
  const requirements = {
    ...(options.capability ? { capabilities: options.capability } : {}),
    ...(options.region ? { region: options.region } : {}),
    ...(options.attribute ? { attributes: options.attribute } : {}),
    ...(options.label ? { labels: options.label } : {}),
  };
  return {
    type,
    ...(options.input === undefined ? {} : { input: await readInput(options.input, io) }),
    ...(options.priority === undefined ? {} : { priority: options.priority }),
    ...(Object.keys(requirements).length === 0 ? {} : { requirements }),
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
    ...(options.maxAttempts === undefined ? {} : { retry: { maxAttempts: options.maxAttempts } }),
    ...(options.runLimit === undefined ? {} : { timeouts: { startToCloseMs: options.runLimit } }),
  };
}

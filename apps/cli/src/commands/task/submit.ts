import type { Command } from 'commander';
import {
  LIMITS,
  MultiswarmError,
  PRIORITIES,
  parseOrThrow,
  summarize,
  TaskSubmission,
  timeFindings,
  type Accepted,
  type PayloadRef,
} from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { durationOption } from '../../global-options';
import type { Io } from '../../io';
import { readValue } from '../../options/json-input';
import { momentOption } from '../../options/moment';
import { declareNeeds, given, needsOf, part, type NeedOptions } from '../../options/needs';
import { collect, collectPair, integerOption, numberOption } from '../../options/repeatable';
import { declareWishes, wishesOf, type WishOptions } from '../../options/wishes';
import { printAccepted } from './print-accepted';

interface Options extends NeedOptions, WishOptions {
  input?: string;
  inputText?: string;
  priority?: string;
  namespace?: string;
  metadata?: Record<string, string>;
  estimate?: number;
  fairnessKey?: string;
  limitKey?: string[];
  idempotencyKey?: string;
  notBefore?: string;
  waitFor?: string;
  waitForLimit?: number;
  maxAttempts?: number;
  retryLimit?: number;
  retryWait?: number;
  retryFactor?: number;
  retryWaitLimit?: number;
  retryJitter?: number;
  nonRetryable?: string[];
  startLimit?: number;
  runLimit?: number;
  silenceLimit?: number;
  deadline?: string;
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
      command: `swarmctl task submit train --attribute 'gpu_memory>=40' --label 'tier in gold,silver' --max-cost 2.5 --near eu-west --spread zone,must`,
      does: 'which swarms may run it, and which of them it should be',
    },
    {
      command: 'swarmctl task submit import --input @rows.json --idempotency-key rows-2024-06 -o name',
      does: 'safe to repeat: the same key gives the same task',
    },
    {
      command:
        'swarmctl task submit deploy --wait-for approved --deadline 24h --run-limit 10m --silence-limit 30s',
      does: 'wait for "task signal ID approved"; then one attempt may take ten minutes, and be silent for half of one',
    },
    {
      command:
        'swarmctl task submit fetch --max-attempts 8 --retry-wait 5s --retry-limit 30m --non-retryable not-found,forbidden',
      does: 'try for half an hour, but not again what cannot get better',
    },
  ],
  configure(command: Command) {
    command
      .option('--input <json>', 'the input: JSON, @file, or - for standard input')
      .option('--input-text <text>', 'the input as text: as it stands, @file, or - for standard input')
      .option('--priority <priority>', `one of ${PRIORITIES.join(', ')}`)
      .option('--namespace <name>', 'the tenant')
      .option('--metadata <k=v>', 'a text that is kept with the task (repeatable)', collectPair('--metadata'))
      .option(
        '--estimate <duration>',
        'how long you think an attempt takes; kept with the task',
        durationOption,
      )
      .option('--fairness-key <key>', 'tasks of a namespace take turns by this key, for example a customer')
      .option('--limit-key <key>', 'a key whose limits the namespace sets (repeatable)', collect)
      .option('--idempotency-key <key>', 'a repeated submission with the same key is the same task');
    declareNeeds(command);
    declareWishes(command).option(
      '--policy <name>',
      'the routing policy that chooses: see "swarmctl policy list"',
    );
    timeOptions(command);
    retryOptions(command);
    command
      .option('--wait', 'wait for the end')
      .option('--dry-run', 'check and print what would be submitted');
  },
  run: submit,
};

function timeOptions(command: Command): void {
  command
    .option('--not-before <when>', 'start no sooner: an instant, or a duration from now')
    .option('--wait-for <signal>', 'start only when "task signal" has sent this')
    .option('--wait-for-limit <duration>', 'longest wait for that signal; then it expires', durationOption)
    .option('--start-limit <duration>', 'longest wait for a start; then it expires', durationOption)
    .option('--run-limit <duration>', 'longest run of one attempt', durationOption)
    .option('--silence-limit <duration>', 'longest time without a sign of life of an attempt', durationOption)
    .option('--deadline <when>', 'it has ended by then, or expires: an instant, or a duration from now');
}

function retryOptions(command: Command): void {
  command
    .option('--max-attempts <n>', 'how often to try', integerOption('--max-attempts', 1, 100))
    .option(
      '--retry-limit <duration>',
      'no further attempt begins later than this after the submission',
      durationOption,
    )
    .option('--retry-wait <duration>', 'the wait after the first failure', durationOption)
    .option(
      '--retry-factor <n>',
      'each further wait is so many times as long, 1 to 10',
      numberOption('--retry-factor'),
    )
    .option('--retry-wait-limit <duration>', 'longest wait between two attempts', durationOption)
    .option(
      '--retry-jitter <share>',
      'the share by which a wait is spread at random, 0 to 1',
      numberOption('--retry-jitter'),
    )
    .option('--non-retryable <code>', 'an error code that ends the task at once (repeatable)', collect);
}

async function submit({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const submission = await submissionOf(args[0] ?? '', options, io);
  const checked = parseOrThrow(TaskSubmission, submission);
  if (options.dryRun) {
    checkTimes(checked, io);
    io.stdout.write(`${JSON.stringify(checked, null, 2)}\n`);
    return EXIT.ok;
  }
  const api = new HttpApi(global.url);
  const accepted = await api.post<Accepted>(paths.tasks, await sendable(api, submission));
  return printAccepted(api, accepted, options.wait === true, global, io);
}

/** Room for everything but the input. */
const REST_BYTES = 512 * 1024;

/** With an input that fits no request stored before: the service does the same by itself with those that do. */
async function sendable(api: HttpApi, submission: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { input, ...rest } = submission;
  const json = input === undefined ? '' : JSON.stringify(input);
  if (Buffer.byteLength(json) <= LIMITS.HTTP_BODY_BYTES - REST_BYTES) return submission;
  const { namespace } = submission;
  const query = typeof namespace === 'string' ? { namespace } : {};
  return { ...rest, inputRef: await api.post<PayloadRef>(paths.payloads, input, { query }) };
}

/** What is really submitted the service checks, by its own clock. */
function checkTimes(submission: TaskSubmission, io: Io): void {
  const findings = timeFindings(submission, io.clock.now());
  if (findings.length > 0) throw new MultiswarmError('invalid-request', summarize(findings), { findings });
}

/** Only what was asked for, so that the server's defaults apply. */
async function submissionOf(type: string, options: Options, io: Io): Promise<Record<string, unknown>> {
  const { waitFor, waitForLimit } = options;
  if (waitForLimit !== undefined && waitFor === undefined)
    throw usageFault('--wait-for-limit without --wait-for', 'name the signal with --wait-for');
  const moment = (name: '--not-before' | '--deadline', text: string | undefined): string | undefined =>
    text === undefined ? undefined : momentOption(name, () => io.clock.now())(text);
  return given({
    type,
    input: await readValue({ option: '--input', json: options.input, text: options.inputText }, io),
    priority: options.priority,
    requirements: needsOf(options),
    routing: wishesOf(options),
    namespace: options.namespace,
    metadata: options.metadata,
    estimateMs: options.estimate,
    fairnessKey: options.fairnessKey,
    limitKeys: options.limitKey,
    idempotencyKey: options.idempotencyKey,
    notBefore: moment('--not-before', options.notBefore),
    waitFor: part({ signal: waitFor, timeoutMs: waitForLimit }),
    retry: part({
      maxAttempts: options.maxAttempts,
      initialMs: options.retryWait,
      factor: options.retryFactor,
      maxMs: options.retryWaitLimit,
      jitter: options.retryJitter,
      nonRetryableCodes: options.nonRetryable,
      totalMs: options.retryLimit,
    }),
    timeouts: part({
      scheduleToStartMs: options.startLimit,
      startToCloseMs: options.runLimit,
      heartbeatMs: options.silenceLimit,
      deadline: moment('--deadline', options.deadline),
    }),
  });
}

import { parseArgs } from 'node:util';

export interface Options {
  /** No round begins later than this. */
  seconds: number;
  seed: number;
  /** To each target in a round. */
  requests: number;
  /** A part of the names of the targets that are meant. */
  only: string | undefined;
  /** Where in the run of a seed the smallest wrong answer was. */
  path: string | undefined;
  verbose: boolean;
}

export const USAGE = `usage: npm run fuzz -- [options]

  --seconds N     go on with new rounds for so long (default 60)
  --seed S        of the first round; each further one takes the next (default 1)
  --requests N    requests to each target in a round (default 40)
  --only TEXT     only targets that have this in their names, such as "POST /v1/tasks" or ms.v1.task.submit
  --path P        with --only: go straight to the request that a finding names, and end
  --verbose       print each target and how long it took
  --help          this text

Starts NATS, Redis and the three services, and sends every operation of their OpenAPI documents and every subject that
they listen on what nobody should send. What is found is printed with the command that repeats it.
Exit: 0 nothing was found, 1 something was, 2 usage.
`;

/** Throws an error with the fault as its message. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      requests: { type: 'string' },
      only: { type: 'string' },
      path: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { only, path, verbose } = values;
  if (path !== undefined && only === undefined)
    throw new Error('--path needs --only: it is about one target');
  return {
    seconds: whole('--seconds', values.seconds, 60),
    seed: whole('--seed', values.seed, 1),
    requests: whole('--requests', values.requests, 40),
    ...{ only, path, verbose },
  };
}

function whole(option: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option} takes a whole number from 1, not ${given}`);
  return value;
}

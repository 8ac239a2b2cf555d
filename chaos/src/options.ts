import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './faults/plan';

export interface Options {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly tasks: number;
  readonly minutes: number;
  /** Of the scenario `faults`: the kinds that are done. */
  readonly only: readonly FaultKind[];
  /** Of the scenario `rolling`. */
  readonly perSecond: number;
  readonly deadlineMinutes: number;
  /** Where the report is written to. */
  readonly out: string;
  readonly json: boolean;
  readonly keep: boolean;
}

const SCENARIOS = ['faults', 'rolling'] as const;
export type Scenario = (typeof SCENARIOS)[number];

const DEFAULTS = { seed: 1, tasks: 5_000, minutes: 5, perSecond: 20, out: '.multiswarm/chaos' };
const MOST = { seed: 2 ** 31, tasks: 1_000_000, minutes: 24 * 60, perSecond: 1_000 };
/** What a run takes beside its load: to start everything, to let everything end, and to compare it. */
const BESIDE_MINUTES = 5;
const ROLLING_MINUTES = 15;

export const USAGE = `usage: npm run chaos -- [options]

Starts Redis (every commit on disk), NATS with a leaf node, four orchestrators, two load-balancers, two communicators and four swarms in
three regions, all as processes of this machine, and hands in tasks at a steady pace. Then it checks what has to hold, and reports, also
for how long each shard did not answer.

  --scenario faults    (default) meanwhile restarts, kills and freezes services, swarms and servers, cuts regions off and fills the disk
                       of Redis: each fault once in turn, then in random order
  --scenario rolling   meanwhile restarts each service and each swarm, one after the other, each when the one before serves again: first
                       with SIGTERM, then with SIGKILL, with the time limits that are shipped

  --seed N       which faults, in which order, and which tasks (default ${DEFAULTS.seed})
  --tasks N      faults: tasks that are handed in (default ${DEFAULTS.tasks.toLocaleString('en')})
  --minutes M    faults: how long load and faults go on (default ${DEFAULTS.minutes}); what is under way then ends, which takes up to some minutes more
  --only LIST    faults: only these kinds, with commas between them: ${FAULT_KINDS.join(', ')}
  --rate N       rolling: tasks per second (default ${DEFAULTS.perSecond})
  --deadline M   minutes in which all has to be over, or the run fails (default: --minutes and ${BESIDE_MINUTES}; rolling: ${ROLLING_MINUTES})
  --out DIR      where report.md, report.json and availability.jsonl go (default ${DEFAULTS.out}/SCENARIO)
  --json         the report as JSON on stdout; progress is on stderr
  --keep         keep logs and records; they are always kept when something does not hold
  --help         this text

A seed decides what is done, not how the machine takes its turns: the same seed twice is the same faults and tasks, not the same run.
Exit: 0 all held, 1 not, or not in time, 2 usage.
`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** Throws an error with the fault as its message. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { ...flag, short: 'h' },
      ...{ json: flag, keep: flag, scenario: text, out: text, only: text },
      ...{ seed: text, tasks: text, minutes: text, rate: text, deadline: text },
    },
  });
  if (values.help) return 'help';
  const scenario = scenarioOf(values.scenario);
  const minutes = positive('--minutes', values.minutes, DEFAULTS.minutes, MOST.minutes);
  return {
    ...{ scenario, minutes, json: values.json, keep: values.keep },
    seed: whole('--seed', values.seed, DEFAULTS.seed, MOST.seed),
    only: kinds(values.only),
    tasks: whole('--tasks', values.tasks, DEFAULTS.tasks, MOST.tasks),
    perSecond: positive('--rate', values.rate, DEFAULTS.perSecond, MOST.perSecond),
    deadlineMinutes: deadline(values.deadline, scenario === 'rolling' ? undefined : minutes),
    out: values.out ?? `${DEFAULTS.out}/${scenario}`,
  };
}

function scenarioOf(given: string = SCENARIOS[0]): Scenario {
  const scenario = SCENARIOS.find((each) => each === given);
  if (!scenario) throw new Error(`--scenario takes ${SCENARIOS.join(' or ')}, not ${given}`);
  return scenario;
}

function kinds(given: string | undefined): readonly FaultKind[] {
  if (given === undefined) return FAULT_KINDS;
  return given.split(',').map((each) => {
    const kind = FAULT_KINDS.find((known) => known === each.trim());
    if (!kind) throw new Error(`--only takes ${FAULT_KINDS.join(', ')}, not ${each}`);
    return kind;
  });
}

function deadline(given: string | undefined, loadMinutes: number | undefined): number {
  const needed = loadMinutes === undefined ? ROLLING_MINUTES : loadMinutes + BESIDE_MINUTES;
  const minutes = positive('--deadline', given, needed, 2 * MOST.minutes);
  if (loadMinutes !== undefined && minutes <= loadMinutes)
    throw new Error(`--deadline ${minutes} cannot be met: load and faults alone take ${loadMinutes} minutes`);
  return minutes;
}

function whole(option: string, given: string | undefined, otherwise: number, most: number): number {
  const value = positive(option, given, otherwise, most);
  if (!Number.isInteger(value)) throw new Error(`${option} takes a whole number, not ${value}`);
  return value;
}

function positive(option: string, given: string | undefined, otherwise: number, most: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (!(value > 0 && value <= most))
    throw new Error(`${option} takes a number above 0 and up to ${most}, not ${given}`);
  return value;
}

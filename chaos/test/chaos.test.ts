import type { Step } from '../src/faults/plan';
import { PRLIMIT } from '../src/faults/possible';
import { printReport } from '../src/report/print';
import { runChaos } from '../src/run';
import { HURRIED, SHARDS } from '../src/system/settings';

const SECONDS = 15;
const TASKS = 400;
/** One of each kind, short, so that all of them fit; `npm run chaos` does many more, from a seed. */
const STEPS: Step[] = [
  [{ kind: 'restart', target: 'orchestrator-2', forMs: 0 }],
  [{ kind: 'kill', target: 'orchestrator-1', forMs: 300 }],
  [
    { kind: 'freeze', target: 'us-east-1', forMs: 2_500 },
    { kind: 'kill', target: 'nats', forMs: 200 },
  ],
  [{ kind: PRLIMIT ? 'disk-full' : 'kill', target: 'redis', forMs: 700 }],
  [
    { kind: 'cut', target: 'eu-west', forMs: 2_500 },
    { kind: 'kill', target: 'load-balancer-1', forMs: 200 },
    // Longer than its leases: others have its shards when it wakes up.
    { kind: 'freeze', target: 'orchestrator-3', forMs: 2_800 },
  ],
];

test('no acknowledged task is lost or done twice, and everything is given back, whatever dies under the load', async () => {
  const report = await runChaos(
    {
      ...{
        scenario: 'short',
        seed: 1,
        settings: HURRIED,
        plan: STEPS,
        holds: { longestMs: 2_000 },
        keep: false,
      },
      ...{ load: { tasks: TASKS, perSecond: TASKS / SECONDS }, faultsForMs: Infinity, calmMs: 0 },
      ...{ pauseMs: { least: 300, most: 600 }, settles: false, probeEveryMs: 200 },
      ...{ patience: { retryForMs: 60_000, requestTimeoutMs: 8_000 }, deadlineMs: 110_000 },
    },
    () => undefined,
  );
  if (!report.holds) throw new Error(printReport(report));
  expect(report.faults).toHaveLength(STEPS.flat().length);
  expect(Object.values(report.workflows).reduce((sum, count) => sum + count, 0)).toBe(TASKS / 20);
  expect(report.tasks).toEqual({ submitted: TASKS, acknowledged: TASKS, givenUp: 0 });
  const { lines } = report.availability;
  expect(lines).toHaveLength(STEPS.flat().length * SHARDS);
  // The shards of whoever was killed had no owner until its leases ran out.
  const killed = lines.filter(({ kind, target }) => kind === 'kill' && target === 'orchestrator-1');
  expect(Math.max(...killed.map(({ longestMs }) => longestMs))).toBeGreaterThan(1_000);
  const full = report.faults.filter(({ kind }) => kind === 'disk-full');
  expect(full.map(({ said }) => said?.includes('AOF'))).toEqual(PRLIMIT ? [true] : []);
  expect(report.attempts.executions).toBeGreaterThanOrEqual(TASKS * 0.95);
}, 120_000);

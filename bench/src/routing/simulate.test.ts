import { alike } from './fleets';
import { estimate } from './intervals';
import { anyHost, roundRobin } from './references/blind';
import { twoChoices } from './references/by-load';
import { centralQueue } from './references/central-queue';
import { prequal } from './references/prequal';
import type { PhaseResult } from './results';
import { WAIT, type Routing } from './routing';
import { undisturbed, type Scenario } from './scenario';
import { ramp } from './scenarios/ramp';
import { simulate } from './simulate';
import { constant, exponential, lognormal, type Distribution } from './world/distributions';
import type { HostSpec } from './world/host';

const SEEDS = 6;

function scenario(
  hosts: readonly HostSpec[],
  load: number,
  requests: number,
  service: Distribution,
): Scenario {
  return {
    ...{
      name: 'test',
      hosts,
      service,
      meanServiceS: 2,
      phases: [{ name: 'all', load, requests }],
      warmUpShare: 0.1,
    },
    ...{ capacityCores: hosts.reduce((sum, { cores }) => sum + cores, 0), replicas: 1, reportEveryS: 1 },
    ...{ hopS: 0, deadlineS: Infinity, disturbances: undisturbed },
  };
}

function only(results: readonly PhaseResult[]): PhaseResult {
  const [result] = results;
  if (result === undefined) throw new Error('the scenario has no phase');
  return result;
}

const means = (of: Scenario, routing: Routing): number[] =>
  Array.from({ length: SEEDS }, (_, seed) => only(simulate(of, routing, seed).perPhase()).mean);

/** That theory and simulation agree: nearer than two half widths of a 95% interval, which is narrow itself. */
function expectMean(of: Scenario, routing: Routing, theory: number): void {
  const { mean, plusMinus } = estimate(means(of, routing));
  expect(plusMinus / mean).toBeLessThan(0.1);
  expect(Math.abs(mean - theory)).toBeLessThan(2 * plusMinus);
}

/** Probability that a request has to wait with `servers` of exponential service (Erlang, 1917). */
function erlangC(servers: number, load: number): number {
  const offered = servers * load;
  let term = 1;
  let sum = 1;
  for (let at = 1; at < servers; at += 1) sum += term *= offered / at;
  const last = (term * offered) / servers / (1 - load);
  return last / (sum + last);
}

test.each([
  [1, 0.7],
  [4, 0.8],
  [20, 0.9],
])('a central queue before %i slots at load %d is as fast as Erlang C says', (slots, load) => {
  const theory = 1 + erlangC(slots, load) / (slots * (1 - load));
  expectMean(scenario(alike(slots, 1), load, 8_000, exponential), centralQueue, theory);
});

test('a lone host with one lane is as fast as Pollaczek and Khinchine say', () => {
  const load = 0.6;
  const variance = Math.exp(0.8 ** 2) - 1;
  const of = scenario(alike(1, 1), load, 5_000, lognormal(0.8));
  expectMean(of, anyHost, 1 + (load / (1 - load)) * ((1 + variance) / 2));
  expectMean({ ...of, service: constant }, anyHost, 1 + load / (1 - load) / 2);
});

test('jobs that share a core take 1 / (1 - load) of their work on average, whatever its distribution', () => {
  const [host] = alike(1, 1);
  if (host === undefined) throw new Error('no host');
  const shared = { ...host, lanes: Infinity };
  const load = 0.6;
  for (const service of [exponential, lognormal(0.8)])
    expectMean(scenario([shared], load, 5_000, service), anyHost, 1 / (1 - load));
});

test('the same seed gives the same result, and another seed another one', () => {
  const of = ramp(100);
  for (const routing of [centralQueue, twoChoices, prequal(20), roundRobin]) {
    const first = simulate(of, routing, 7).perPhase();
    expect(simulate(of, routing, 7).perPhase()).toEqual(first);
    expect(simulate(of, routing, 8).perPhase()).not.toEqual(first);
  }
});

test('whoever routes meets the same work', () => {
  const of = scenario(alike(10, 2), 0.5, 2_000, exponential);
  const cost = (routing: Routing): number => only(simulate(of, routing, 3).perPhase()).costPerThousand;
  // Without any sharing of cores, what a request costs is its own work.
  expect(cost(roundRobin)).toBeCloseTo(cost(centralQueue), 9);
});

test('a request that has not ended by its deadline is an error as late as the deadline', () => {
  const of = { ...scenario(alike(1, 1), 3, 300, constant), deadlineS: 8 };
  const { errors, p999 } = only(simulate(of, anyHost, 1).perPhase());
  expect(errors).toBeGreaterThan(0.6);
  expect(p999).toBeCloseTo(4, 9);
});

test('a host that fails fast answers with failures, one that hangs not at all, and both are well afterwards', () => {
  const hosts = alike(2, 4);
  const trouble = (mode: 'fails-fast' | 'hangs' | 'well', atS: number) => [
    { atS, host: 0, change: { mode } },
  ];
  const errors = (mode: 'fails-fast' | 'hangs' | 'well', untilS: number): number => {
    const disturbances = () => [...trouble(mode, 0), ...trouble('well', untilS)];
    const of = { ...scenario(hosts, 0.3, 1_000, constant), deadlineS: 20, disturbances };
    return only(simulate(of, roundRobin, 5).perPhase()).errors;
  };
  expect(errors('well', 0)).toBe(0);
  expect(errors('fails-fast', Infinity)).toBeCloseTo(0.5, 2);
  expect(errors('hangs', Infinity)).toBeCloseTo(0.5, 2);
  expect(errors('fails-fast', 400)).toBeLessThan(0.4);
  expect(errors('hangs', 400)).toBeLessThan(0.4);
});

test('what a host refuses is placed again at most twice, then waits its turn', () => {
  const refusals: number[] = [];
  const stubborn: Routing = {
    name: 'stubborn',
    binding: 'late',
    start: ({ hosts }) => ({
      // It sees no slot at all in the second host, and sends everything to the first one while that has reported room.
      place: (_replica, job) => (hosts[0]?.held === 1 && job.picks === 0 && job.id % 2 === 0 ? WAIT : 0),
      refused: (job) => refusals.push(job.picks),
    }),
  };
  const of = scenario(alike(2, 1), 0.3, 400, exponential);
  const { requests, waited, errors, p50 } = only(simulate(of, stubborn, 2).perPhase());
  expect({ requests, errors }).toEqual({ requests: 360, errors: 0 });
  expect(Math.max(...refusals)).toBe(3);
  expect(waited).toBeGreaterThan(0);
  expect(p50).toBeGreaterThan(0);
});

import { readFile } from 'node:fs/promises';
import type { Figure } from '../report';
import { median, rounded } from '../statistics';
import { startDeployment, type Deployment } from '../systems/deployment';
import type { Bench } from './bench';

const MIB = 1024 * 1024;
const SIZES = [1, 16];
const PROBES = { full: 10, quick: 3 };
const SLOTS = 4;
/** Values that go through the orchestrator over HTTP, one after the other: in and out again. */
const THROUGH = { full: 20, quick: 5 };

type Values = Record<string, number[]>;

/**
 * Inputs that go by reference: how long a submission takes, how long from there to the result (the agent gives back what it got),
 * and how much the memory of the orchestrator grows while values of 16 MiB go through it over HTTP.
 */
export const payloads: Bench = async ({ runs, appendfsync, quick }, progress) => {
  const size = quick ? 'quick' : 'full';
  const values: Values = {};
  const keep = (metric: string, value: number): void => void (values[metric] ??= []).push(value);
  let serverVersions: Record<string, string> = {};
  for (let run = 1; run <= runs; run++) {
    const deployment = await startDeployment({ appendfsync, swarms: [{ id: 'bench', slots: SLOTS }] });
    serverVersions = deployment.serverVersions;
    try {
      for (const mib of SIZES)
        await Promise.race([probe(deployment, mib, PROBES[size], keep), deployment.anyFailed]);
      keep('orchestrator grows by', await growth(deployment, THROUGH[size]));
    } finally {
      await deployment.stop();
    }
    progress(
      `run ${run}/${runs}  ${Object.entries(values)
        .map(([name, all]) => `${name} ${rounded(all.at(-1) ?? 0)}`)
        .join(', ')}`,
    );
  }
  const settings = { probes: PROBES[size], through: THROUGH[size], runs, appendfsync };
  return Object.entries(values).map(([metric, all]): Figure => ({
    ...{ bench: 'payloads', metric, unit: metric.includes('grows') ? 'MiB' : 'ms', settings, serverVersions },
    own: { name: 'multiswarm', runs: all },
  }));
};

async function probe(
  { client }: Deployment,
  mib: number,
  probes: number,
  keep: (metric: string, value: number) => void,
): Promise<void> {
  const submits: number[] = [];
  const results: number[] = [];
  for (let n = 0; n < probes + 1; n++) {
    const input = { n: `${mib}-${n}`, text: 'x'.repeat(mib * MIB) };
    const from = performance.now();
    const task = await client.submit('noop', input);
    const submitted = performance.now();
    const output = (await task.result()) as unknown as typeof input;
    if (output.n !== input.n || output.text.length !== input.text.length)
      throw new Error('another value came back');
    if (n === 0) continue; // to warm up
    submits.push(submitted - from);
    results.push(performance.now() - submitted);
  }
  keep(`submit ${mib} MiB`, median(submits));
  keep(`result ${mib} MiB`, median(results));
}

/** Of the resident memory, at its highest, in MiB. */
async function growth({ orchestratorUrl, orchestrators }: Deployment, count: number): Promise<number> {
  const [orchestrator] = orchestrators;
  if (!orchestrator) throw new Error('there is no orchestrator');
  let least = Infinity;
  let most = 0;
  for (let n = 0; n < count; n++) {
    const body = JSON.stringify({ n, text: 'y'.repeat(16 * MIB) });
    const headers = { 'content-type': 'application/json' };
    const stored = await fetch(`${orchestratorUrl}/v1/payloads`, { method: 'POST', headers, body });
    const { id } = (await stored.json()) as { id: string };
    const text = await (await fetch(`${orchestratorUrl}/v1/payloads/${id}`)).text();
    if (text.length !== body.length) throw new Error('another value came back');
    const resident = await residentMib(orchestrator.pid);
    least = Math.min(least, resident);
    most = Math.max(most, resident);
  }
  return most - least;
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, within } from '@multiswarm/core';
import type { Client } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { fleetComplete, type Deployment } from './deployment';
import { ORCHESTRATORS } from './settings';

/** Shards move once their new owner has been there for as long as a lease lasts, a few at a time. */
const SPREAD_MS = 40_000;
const LOOK_MS = 250;
/** Under faults an answer may be long in coming. */
const ASK_MS = 500;

/** Resolves when everything serves: all are ready, everybody sees all swarms, and each orchestrator has its share of the shards. */
export async function settled(deployment: Deployment, client: Client): Promise<void> {
  await Promise.all([...deployment.programs.values()].map((program) => program.ready()));
  await fleetComplete(deployment.urls);
  const look = async (): Promise<boolean> => {
    const spread = isSpread(await ownersOf(client), deployment);
    if (!spread) await delay(LOOK_MS);
    return spread;
  };
  await eventually(look, {
    timeoutMs: SPREAD_MS,
    describe: 'shards being spread evenly over all orchestrators',
  });
}

/** The shards of this program; none where that cannot be told now. */
export async function shardsOf(target: string, { programs }: Deployment, client: Client): Promise<number[]> {
  const { pid } = programs.get(target) ?? {};
  if (pid === undefined || !target.startsWith('orchestrator')) return [];
  const asked = ownersOf(client).catch(() => []);
  const owners = await within(systemClock, ASK_MS, asked, () => []);
  return owners.flatMap((owner, shard) => (isOf(owner, pid) ? [shard] : []));
}

async function ownersOf(client: Client): Promise<string[]> {
  return (await client.shards.list()).items.map(({ owner }) => owner);
}

/** The name of a replica has the number of its process in it. */
function isOf(owner: string, pid: number): boolean {
  return owner.includes(`-${pid}-`);
}

function isSpread(owners: readonly string[], { programs }: Deployment): boolean {
  const pids = ORCHESTRATORS.map((name) => programs.get(name)?.pid ?? 0);
  const counts = pids.map((pid) => owners.filter((owner) => isOf(owner, pid)).length);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return all === owners.length && Math.max(...counts) - Math.min(...counts) <= 1;
}

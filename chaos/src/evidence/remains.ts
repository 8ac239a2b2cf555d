import { isTerminal, TaskState, type Task } from '@multiswarm/contracts';
import type { Client, TaskHandle } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { FREE_NAMESPACE, LIMITED } from '../load/work';
import type { Deployment } from '../system/deployment';
import { swarmsSeen } from '../system/ask';
import { BALANCERS, SWARMS } from '../system/settings';

/** Reservations that nobody confirmed are held for some seconds. */
const BACK_MS = 20_000;
const SLOTS = SWARMS.reduce((sum, { slots }) => sum + slots, 0);

/** What the status and the load-balancers still count although nothing runs; empty when all is given back in time. */
export async function whatIsTaken(client: Client, { urls }: Deployment): Promise<string[]> {
  let taken: string[] = [];
  const look = async (): Promise<boolean> => {
    taken = [...(await takenByStatus(client)), ...(await takenByBalancers(urls))];
    return taken.length === 0;
  };
  await eventually(look, { timeoutMs: BACK_MS }).catch((error: unknown) => {
    if (taken.length === 0) taken = [String(error)];
  });
  return taken;
}

async function takenByStatus(client: Client): Promise<string[]> {
  const { regions, tasks } = await client.status();
  const busy = regions.filter(({ busySlots }) => busySlots > 0);
  const active = Object.entries(tasks).filter(([state, count]) => !isTerminal(state) && count > 0);
  return [
    ...busy.map(({ region, busySlots }) => `status: ${busySlots} busy slots in ${region}`),
    ...(await Promise.all(
      active.map(
        async ([state, count]) =>
          `status: ${count} tasks ${state}; listed are ${await listed(client, state)}`,
      ),
    )),
  ];
}

/** Whether there are such tasks, or only a count of them. */
async function listed(client: Client, given: string): Promise<string> {
  const { items } = await client.listTasks({ state: TaskState.parse(given) });
  return items.map(({ id, namespace }) => `${id} of ${namespace}`).join(', ') || 'none';
}

async function takenByBalancers(urls: Deployment['urls']): Promise<string[]> {
  const seen = await Promise.all(
    BALANCERS.map(async (name) => {
      const swarms = await swarmsSeen(`${urls.get(name) ?? ''}/v1/endpoints`);
      return swarms
        .filter(({ busySlots, held }) => busySlots > 0 || held.length > 0)
        .map(
          ({ swarmId, busySlots, held }) =>
            `${name}: ${swarmId} has ${busySlots} busy slots, holds ${held.length}`,
        );
    }),
  );
  return seen.flat();
}

/**
 * Takes every slot at once, and every limit to its brim: what a scheduler still counts, though it is over, would be missing.
 * @param firstNumber numbers of the submissions begin with it
 * @returns what could not be taken
 */
export async function fillToTheBrim(
  client: Client,
  { programs }: Deployment,
  firstNumber: number,
): Promise<string[]> {
  const swarms = SWARMS.flatMap(({ id }) => programs.get(id) ?? []);
  const missing: string[] = [];
  for (const [wave, full] of LIMITED.keys.entries()) {
    for (const swarm of swarms) swarm.tell({ gate: 'shut' });
    const handles = await submitWave(client, full, firstNumber + wave * SLOTS);
    missing.push(...(await waitUntilAllRun(handles)));
    for (const swarm of swarms) swarm.tell({ gate: 'open' });
    await Promise.all(handles.map((handle) => handle.result()));
  }
  return missing;
}

/** As many as there are slots: one key to its limit, another until the namespace is at its own, the rest without limits. */
function submitWave(client: Client, full: string, firstNumber: number): Promise<TaskHandle[]> {
  const other = LIMITED.keys.find((key) => key !== full) ?? full;
  return Promise.all(
    Array.from({ length: SLOTS }, (_, at) => {
      const n = firstNumber + at;
      const isLimited = at < LIMITED.concurrency;
      return client.submit(
        'gate',
        { n, runMs: 0, failUntil: 0 },
        {
          namespace: isLimited ? LIMITED.namespace : FREE_NAMESPACE,
          limitKeys: isLimited ? [at < LIMITED.perKey ? full : other] : [],
          metadata: { n },
        },
      );
    }),
  );
}

async function waitUntilAllRun(handles: readonly TaskHandle[]): Promise<string[]> {
  let idle: Task[] = [];
  const allRun = async (): Promise<boolean> => {
    const tasks = await Promise.all(handles.map((handle) => handle.get()));
    idle = tasks.filter(({ state }) => state !== 'running');
    return idle.length === 0;
  };
  await eventually(allRun, { timeoutMs: BACK_MS }).catch(() => undefined);
  return idle.map(
    ({ id, state, waiting }) =>
      `with every slot and limit asked for at once, ${id} is ${state}${waiting ? `: ${waiting.reason}, ${waiting.detail}` : ''}`,
  );
}

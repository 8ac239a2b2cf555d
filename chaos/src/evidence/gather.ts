import { setTimeout as delay } from 'node:timers/promises';
import { isTerminal, type Event } from '@multiswarm/contracts';
import type { Client } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import type { DoneFault } from '../faults/campaign';
import type { FlowLoad } from '../load/flow-load';
import type { Load } from '../load/load';
import { FREE_NAMESPACE, LIMITED } from '../load/work';
import type { Clients } from '../system/clients';
import { fleetComplete, type Deployment } from '../system/deployment';
import { collect } from './collect';
import { differencesIn } from './deep-check';
import type { Ears } from './ears';
import type { Evidence } from './evidence';
import { collectFlows } from './flows';
import { readJournals } from './journal';
import { readMail } from './mail';
import { payloadFaults } from './payloads';
import { fillToTheBrim, whatIsTaken } from './remains';
import type { Watchers } from './watchers';

/** Longer than any agent, that of a task which was lost at the very end too. */
const SETTLE_MS = 180_000;
const HEAR_MS = 30_000;

export interface Witnesses {
  readonly load: Load;
  readonly flows: FlowLoad;
  /** The first one hears everything. */
  readonly ears: readonly Ears[];
  readonly faults: readonly DoneFault[];
  readonly watchers: Watchers;
}

/** Waits for the end of all work, then looks at everything from every side. */
export async function gather(
  deployment: Deployment,
  { bus, connection }: Clients,
  { load, flows: handedIn, ears, faults, watchers }: Witnesses,
): Promise<Evidence> {
  await Promise.all([...deployment.programs.values()].map((program) => program.ready()));
  await fleetComplete(deployment.urls);
  // What does not end is found by the checks.
  await eventually(() => nothingUnderWay(bus), { timeoutMs: SETTLE_MS }).catch(() => undefined);
  const remains = await whatIsTaken(bus, deployment);
  const differences = await differencesIn(bus);
  if (remains.length + differences.length === 0)
    remains.push(...(await fillToTheBrim(bus, deployment, load.begunCount)));
  await watchers.stop(HEAR_MS);
  const payloads = await payloadFaults(deployment, connection);
  const collected = await collect(connection, bus, [FREE_NAMESPACE, LIMITED.namespace]);
  const flows = await collectFlows(connection, handedIn.submissions);
  const histories = new Map<string, Event[]>(collected.histories);
  for (const { history, inside } of flows)
    for (const events of [history, inside?.history ?? []])
      if (events[0]) histories.set(events[0].root, [...events]);
  const allHeard = (): boolean =>
    ears.every((each) => [...histories.values()].every((history) => each.hasHeard(history)));
  await eventually(allHeard, { timeoutMs: HEAR_MS }).catch(() => undefined);
  await Promise.all(ears.map((each) => each.stop()));
  const firstForced = faults.find(({ fault }) => fault.kind !== 'restart');
  return {
    ...{
      ...collected,
      histories,
      flows,
      submissions: load.submissions,
      consumers: ears,
      remains,
      differences,
    },
    ...{ watched: watchers.watched, payloads },
    executions: readJournals(deployment.records),
    mail: readMail(deployment.records),
    disorders: faults.flatMap(({ disorder }) => disorder ?? []),
    gentleUntil: firstForced?.from ?? Date.now(),
  };
}

async function nothingUnderWay(client: Client): Promise<boolean> {
  const { tasks } = await client.status();
  const active = Object.entries(tasks).filter(([state, count]) => !isTerminal(state) && count > 0);
  if (active.length > 0) await delay(200);
  return active.length === 0;
}

/**
 * Endpoints of any kind behind the load-balancer, and where it sends requests to. With a system up (`npm start`), in another terminal:
 *
 *   npm run example:custom-load-balancing
 *
 * Three endpoints with weights and prices are registered. One request needs a GPU, one many cores at a low price; for both the program shows where it
 * went and why, and where every policy would send the next one. MULTISWARM_LOAD_BALANCER_URL says where the load-balancer is, if not on this machine.
 */
import type { Placement, Simulation } from '@multiswarm/contracts';
import { runProgram } from './program';

const url = process.env['MULTISWARM_LOAD_BALANCER_URL'] || 'http://127.0.0.1:8081';
/** Its own namespace of names: other endpoints may be there. */
const group = `custom-load-balancing-${process.pid}`;
const TTL_MS = 60_000;

/** What each can do is declared: requirements are held against it. */
const endpoints = [
  {
    ...{
      swarmId: `gpu-${process.pid}`,
      address: 'gpu.endpoint',
      region: 'us-east',
      weight: 2,
      costPerHour: 5,
    },
    ...{ slots: 2, resources: { gpu: 4, cpu: 16 }, attributes: { priority: ['high', 'normal'] } },
  },
  {
    ...{
      swarmId: `cpu-${process.pid}`,
      address: 'cpu.endpoint',
      region: 'us-east',
      weight: 1,
      costPerHour: 2,
    },
    ...{ slots: 4, resources: { cpu: 32 }, attributes: { priority: ['normal'] } },
  },
  {
    ...{
      swarmId: `edge-${process.pid}`,
      address: 'edge.endpoint',
      region: 'us-west',
      weight: 0.8,
      costPerHour: 1,
    },
    ...{ slots: 1, resources: { cpu: 4 }, attributes: { priority: ['normal'] } },
  },
].map((endpoint) => ({ ...endpoint, labels: { group }, ttlMs: TTL_MS }));

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  // The contract of the route.
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Routes a request, says where to and why, and reports that it is done, which gives the slot back. */
async function route(what: string, wanted: object, routing: object = {}): Promise<void> {
  const request = { kind: 'external', requirements: { ...wanted, labels: { group } }, routing };
  const { choices } = await ask<Simulation>('POST', '/v1/route/simulate', request);
  const placement = await ask<Placement & { address?: string }>('POST', '/v1/route', request);
  const { swarmId, region, address, costPerSlotHour, reservationId, receipt } = placement;
  console.log(`${what} routed to: ${swarmId.replace(/-\d+$/, '')} (${address ?? '?'}, ${region})`);
  console.log(`  $${costPerSlotHour.toFixed(2)} per slot-hour; ${receipt.because}`);
  for (const { rule, detail, count } of receipt.rejected)
    console.log(`  ${count} without ${detail} (${rule})`);
  console.log(
    `  by policy: ${choices.map((one) => `${one.policy} ${one.swarmId.replace(/-\d+$/, '')}`).join(', ')}`,
  );
  const outcome = {
    reservationId,
    swarmId,
    taskId: what.replaceAll(' ', '-'),
    attempt: 1,
    outcome: 'succeeded',
  };
  await ask('POST', '/v1/reports', { v: 1, outcomes: [{ ...outcome, durationMs: 20 }] });
}

async function main(): Promise<void> {
  for (const endpoint of endpoints) await ask('POST', '/v1/endpoints', endpoint);
  try {
    await route('GPU task', { requires_gpu: true, priority: 'high' });
    await route('CPU task', { cpu_intensive: true, cost_sensitive: true }, { policy: 'cost' });
  } finally {
    for (const { swarmId } of endpoints) await ask('DELETE', `/v1/endpoints/${swarmId}`);
  }
}

runProgram(main);

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestServer } from '@multiswarm/testing';

interface Connections {
  connections: { name?: string; subscriptions_list?: string[] }[];
}

/** Subjects that connections of these names have subscribed to, as the server tells. */
export async function listenersOf(nats: TestServer, names: readonly string[]): Promise<Set<string>> {
  const ports = JSON.parse(await readFile(join(nats.dir, `nats-server_${nats.pid}.ports`), 'utf8')) as {
    monitoring: string[];
  };
  const response = await fetch(`${ports.monitoring[0]}/connz?subs=1&limit=1024`);
  const { connections } = (await response.json()) as Connections;
  return new Set(
    connections
      .filter(({ name = '' }) => names.includes(name))
      .flatMap(({ subscriptions_list: subscriptions = [] }) => subscriptions),
  );
}

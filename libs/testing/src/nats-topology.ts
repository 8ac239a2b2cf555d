import { freePort } from './free-port';
import { startNats } from './nats';
import type { TestServer } from './server-process';
import { startTcpProxy, type TcpProxy } from './tcp-proxy';

/** A region with a nats-server and a JetStream domain of its own, which is a leaf of the hub. */
export interface LeafServer {
  readonly domain: string;
  readonly server: TestServer;
  /** The only way between it and the hub. */
  readonly line: TcpProxy;
}

export interface LeafTopology {
  /** Its JetStream domain is `hub`. */
  readonly hub: TestServer;
  readonly leaves: readonly LeafServer[];
  stop(): Promise<void>;
}

/** Where nobody listens. */
const NOWHERE = '127.0.0.1:1';
/** A leaf that has lost its hub looks for it this often, seconds: the least that the server takes. */
const RECONNECT_S = 1;

/**
 * A hub and one leaf for each domain, with JetStream everywhere. Leaves are connected a moment after this resolves: wait for what
 * has to arrive.
 * @param inside subjects that no line lets through
 */
export async function startLeafTopology(
  domains: readonly string[],
  inside: readonly string[] = [],
): Promise<LeafTopology> {
  const ends: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  const started = <T extends { stop(): Promise<void> }>(one: T): T => {
    ends.push(() => one.stop());
    return one;
  };
  try {
    const leafPort = await freePort();
    const lines = await Promise.all(domains.map(async () => started(await startTcpProxy(leafPort))));
    // A hub tells its leaves where it can be reached, whatever they were told before: there must be no way around a line.
    const advertise = `advertise: "${NOWHERE}"`;
    const listen = `leafnodes { host: "127.0.0.1", port: ${leafPort}, ${advertise} }`;
    const hub = started(await startNats({ config: `server_name: hub\n${domainOf('hub')}\n${listen}` }));
    const leaves: LeafServer[] = [];
    for (const [index, line] of lines.entries()) {
      const domain = domains[index] ?? '';
      const denied = JSON.stringify(inside);
      const deny = `deny_imports: ${denied}, deny_exports: ${denied}`;
      const remote = `remotes: [{ url: "nats-leaf://127.0.0.1:${line.port}", ${deny} }]`;
      const config = `server_name: ${domain}\n${domainOf(domain)}\nleafnodes { reconnect: ${RECONNECT_S}, ${remote} }`;
      leaves.push({ domain, line, server: started(await startNats({ config })) });
    }
    return { hub, leaves, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function domainOf(name: string): string {
  return `jetstream { domain: ${name} }`;
}

export interface NatsCluster {
  readonly servers: readonly TestServer[];
  /** Of all of them, separated by commas. */
  readonly urls: string;
  stop(): Promise<void>;
}

/** Three servers with JetStream that elect leaders among themselves; streams may have three replicas. Wait for what asks JetStream. */
export async function startNatsCluster(): Promise<NatsCluster> {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const routes = ports.map((port) => `nats-route://127.0.0.1:${port}`).join(', ');
  const starting = await Promise.allSettled(
    ports.map((port, index) =>
      startNats({
        config: `server_name: n${index}\ncluster { name: test, host: "127.0.0.1", port: ${port}, routes: [${routes}] }`,
      }),
    ),
  );
  const servers = starting.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const failed = starting.find((each) => each.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { servers, urls: servers.map(({ url }) => url).join(','), stop };
}

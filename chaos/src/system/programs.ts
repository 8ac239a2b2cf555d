import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isReady } from './ask';
import { Program, ROOT } from './program';
import { LEAF_ORCHESTRATOR, ORCHESTRATORS, type SwarmPlan, type SystemSettings } from './settings';

const PORT_SETTINGS = {
  orchestrator: 'ORCHESTRATOR_PORT',
  'load-balancer': 'LOAD_BALANCER_PORT',
  communicator: 'COMMUNICATOR_PORT',
} as const;
type Service = keyof typeof PORT_SETTINGS;
const SERVICES = Object.keys(PORT_SETTINGS) as Service[];

/** All that face clients; the one inside the region with a leaf does not own shards. */
export function orchestratorNames(): readonly string[] {
  return [...ORCHESTRATORS, LEAF_ORCHESTRATOR];
}

/** @param name begins with that of the service */
export function serviceProgram({
  name,
  port,
  directory,
  env,
}: {
  name: string;
  port: number;
  directory: string;
  env: Readonly<Record<string, string>>;
}): Program {
  const service = SERVICES.find((each) => name.startsWith(each));
  if (!service) throw new Error(`${name} is no service`);
  const main = join(ROOT, 'services', service, 'dist', 'main.js');
  if (!existsSync(main)) throw new Error(`${main} is not built: run "node scripts/setup.mjs"`);
  return new Program({
    name,
    args: [main],
    env: { [PORT_SETTINGS[service]]: String(port), ...env },
    logFile: join(directory, `${name}.log`),
    isReady: () => isReady(`http://127.0.0.1:${port}`),
  });
}

export function swarmProgram({
  plan,
  servers,
  settings,
  directory,
  records,
}: {
  plan: SwarmPlan;
  settings: SystemSettings;
  servers: string;
  directory: string;
  records: string;
}): Program {
  return new Program({
    name: plan.id,
    args: ['-r', 'ts-node/register', join(__dirname, 'swarm-process.ts')],
    env: {
      TS_NODE_PROJECT: join(ROOT, 'tsconfig.json'),
      NATS_URL: servers,
      CHAOS_SWARM: plan.id,
      CHAOS_REGION: plan.region,
      CHAOS_SLOTS: String(plan.slots),
      CHAOS_HEARTBEAT_MS: String(settings.swarmHeartbeatMs),
      CHAOS_DRAIN_MS: String(settings.swarmDrainMs),
      CHAOS_RECORDS: records,
    },
    logFile: join(directory, `${plan.id}.log`),
    isReady: async ({ said }) => said.includes('ready'),
  });
}

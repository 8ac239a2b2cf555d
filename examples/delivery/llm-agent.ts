/**
 * A swarm whose agents write with a language model. It takes the design step of the delivery workflow and is cheaper than
 * the swarm that does it without a model, so a placement with both at rest prefers it.
 *
 * Needs OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL; NATS_URL says where the fleet is.
 * From the repository's root: `node -C multiswarm-source -r ts-node/register examples/delivery/llm-agent.ts`
 */
import { createSwarm } from '@multiswarm/sdk';
import { writeDesign, type Model } from './llm/write-design';

const ANSWER_TIMEOUT_MS = 120_000;

function readModel(env: NodeJS.ProcessEnv): Model {
  const { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: apiKey, OPENAI_MODEL: model } = env;
  if (baseUrl && apiKey && model) return { baseUrl, apiKey, model, timeoutMs: ANSWER_TIMEOUT_MS };
  const missing = ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_MODEL'].filter((name) => !env[name]);
  throw new Error(`set ${missing.join(', ')} to let a model write`);
}

async function main(): Promise<void> {
  const model = readModel(process.env);
  const swarm = createSwarm({
    id: process.env['SWARM_ID'] ?? 'eu-west-writers',
    region: process.env['SWARM_REGION'] ?? 'eu-west',
    slots: 2,
    costPerHour: 0.6,
    capabilities: ['javascript', 'design', 'llm'],
    attributes: { architecture_type: ['modular-library', 'command-line'] },
    labels: { tier: 'standard', team: 'platform', model: model.model },
    resources: { cpu: 1, memoryMb: 1024 },
    ...(process.env['NATS_URL'] ? { servers: process.env['NATS_URL'] } : {}),
  });
  swarm.handle('development', (input, ctx) => writeDesign(input, ctx, model));
  await swarm.start();
}

main().catch((error: unknown) => {
  process.stderr.write(`llm-agent: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

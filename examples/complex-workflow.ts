/**
 * A workflow of five dependent tasks on swarms in three regions. With a system up (`npm start`), in another terminal:
 *
 *   npm run example:complex-workflow      or      npm run example:complex-workflow -- requirements.md
 *
 * From a requirements document to a packed release: the swarms join from inside this program, and each step works on what
 * the steps before it found. NATS_URL and MULTISWARM_URL say where the system is, if not on this machine.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Client, type WorkflowHandle } from '@multiswarm/sdk';
import { Release } from './complex-workflow/documents';
import { CAPABILITY, createFleet } from './complex-workflow/fleet';
import { addresses, runProgram } from './program';

const RELEASES = join('.multiswarm', 'releases');
const TIMEOUT_MS = 120_000;

/** Requirements are attributes that a swarm must declare; durations are seconds. */
const workflowTasks = [
  {
    task_id: 'analyze_requirements',
    task_type: 'research',
    requirements: { analysis_depth: 'comprehensive' },
    estimated_duration: 300,
  },
  {
    task_id: 'design_architecture',
    task_type: 'development',
    requirements: { architecture_type: 'microservices' },
    estimated_duration: 600,
  },
  {
    task_id: 'implement_solution',
    task_type: 'development',
    requirements: { language: 'python', framework: 'fastapi' },
    estimated_duration: 1200,
  },
  {
    task_id: 'test_solution',
    task_type: 'testing',
    requirements: { test_coverage: 0.9 },
    estimated_duration: 400,
  },
  {
    task_id: 'deploy_solution',
    task_type: 'deployment',
    requirements: { environment: 'production' },
    estimated_duration: 200,
  },
];

const dependencies = {
  design_architecture: ['analyze_requirements'],
  implement_solution: ['design_architecture'],
  test_solution: ['implement_solution'],
  deploy_solution: ['test_solution'],
};

async function main(): Promise<void> {
  const path = process.argv[2] ?? join(__dirname, 'complex-workflow', 'requirements.md');
  const document = await readFile(path, 'utf8');
  const fleet = createFleet(addresses.servers, RELEASES);
  const client = await connect({ url: addresses.url });
  try {
    await Promise.all(fleet.map((swarm) => swarm.start()));
    const run = await client.submitWorkflow({
      name: 'lending-desk',
      tasks: workflowTasks.map((task) => ({
        ...task,
        requirements: { ...task.requirements, capabilities: CAPABILITY },
        ...(task.task_id === 'analyze_requirements' ? { input: { document } } : {}),
      })),
      dependencies,
    });
    console.log(`Workflow submitted: ${run.id}`);
    const output = await run.result({ timeoutMs: TIMEOUT_MS });
    await printSteps(client, run);
    printRelease(Release.parse(output['deploy_solution']));
  } finally {
    await Promise.all(fleet.map((swarm) => swarm.stop()));
    await client.close();
  }
}

/** What ran where, and the reason that the receipt of its placement gives. */
async function printSteps(client: Client, run: WorkflowHandle): Promise<void> {
  const { steps, state, cost } = await run.get();
  for (const { id, taskId } of steps) {
    const { state, region, swarmId, attempts } = await client.getTask(taskId);
    const because = attempts.at(-1)?.receipt?.because;
    console.log(`  ${id}: ${state} on ${String(swarmId)} in ${String(region)} (${String(because)})`);
  }
  console.log(`Workflow ${state}, cost $${cost.toPrecision(3)}`);
}

function printRelease({ archive, sha256, bytes, files, report }: Release): void {
  const { covered, routes, needs, compiledBy } = report;
  console.log(
    `Tests: ${covered} of ${routes} routes for ${needs} needs; compiled by ${compiledBy ?? 'nobody: no python3'}`,
  );
  console.log(`Release: ${archive}, ${files.length} files, ${bytes} bytes, sha256 ${sha256}`);
}

runProgram(main);

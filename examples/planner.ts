/**
 * An agent that plans: what is to be done is known only when somebody has looked. With a system up (`npm start`), in another terminal:
 *
 *   npm run example:planner      or      npm run example:planner -- path/to/sources
 *
 * The first step measures the functions of some JavaScript, and adds to its own run a closer look at each one that is hard to follow, and a report
 * behind all of them. Where everything is simple it adds the report alone. A swarm joins from inside this program. NATS_URL and MULTISWARM_URL
 * say where the system is, if not on this machine.
 */
import { resolve } from 'node:path';
import { connect, createSwarm } from '@multiswarm/sdk';
import { inspect, plan, planOf, report, Report, review } from './planner/review';
import { hardFunctions, lookAt, readSources } from './planner/sources';
import { addresses, runProgram } from './program';

const swarm = createSwarm({
  id: `planner-example-${process.pid}`,
  region: 'eu-west',
  slots: 4,
  servers: addresses.servers,
})
  .handle(plan, async ({ directory, limit }, ctx) => {
    const { functions, hard } = hardFunctions(await readSources(directory), limit);
    await ctx.addSteps(planOf(directory, functions, hard));
    return { functions, hard: hard.length };
  })
  .handle(inspect, async ({ directory, file, line }) => lookAt(await readSources(directory), file, line))
  .handle(report, ({ functions, upstream = {} }) => ({
    functions,
    findings: Object.values(upstream).sort((a, b) => b.complexity - a.complexity || a.line - b.line),
  }));

async function main(): Promise<void> {
  const directory = resolve(process.argv[2] ?? 'examples/delivery/project/src');
  const client = await connect({ url: addresses.url });
  try {
    await swarm.start();
    const run = await client.submitWorkflow(review.submission({ directory, limit: 6 }));
    console.log(`Workflow submitted: ${run.id}`);
    const outputs: Readonly<Record<string, unknown>> = await run.result({ timeoutMs: 60_000 });
    const { functions, findings } = Report.parse(outputs['report']);
    for (const { file, line, name, complexity, lines, depth, callers } of findings)
      console.log(
        `  ${file}:${line} ${name}: ${complexity} paths in ${lines} lines, ${depth} levels deep, called at ${callers} places`,
      );
    console.log(`${functions} functions, ${findings.length} of them worth a closer look`);
  } finally {
    await swarm.stop();
    await client.close();
  }
}

runProgram(main);

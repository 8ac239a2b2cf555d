import { join } from 'node:path';
import { createSwarm, defineTask, type Swarm, type SwarmOptions } from '@multiswarm/sdk';
import { z } from 'zod';
import { analyzeRequirements } from './analyze-requirements';
import { deploySolution } from './deploy-solution';
import { designArchitecture } from './design-architecture';
import { Architecture, Release, Requirements, Solution, TestedSolution } from './documents';
import { implementSolution } from './implement-solution';
import { testSolution } from './test-solution';

/** Other fleets handle the same types (that of `npm start` does); this capability is what the steps of this program ask for. */
export const CAPABILITY = 'lending-desk';
const TEST_COVERAGE = 0.9;

/** The output of one step as the input of the next: outputs of upstream steps come under `upstream`, by step. */
function after<S extends z.ZodType, N extends string>(step: N, output: S) {
  return z.object({ upstream: z.object({ [step]: output } as Record<N, S>) });
}

const analyze = defineTask({
  type: 'research',
  input: z.object({ document: z.string() }),
  output: Requirements,
});
const design = defineTask({
  type: 'development',
  input: after('analyze_requirements', Requirements),
  output: Architecture,
});
const implement = defineTask({
  type: 'development',
  input: after('design_architecture', Architecture),
  output: Solution,
});
const test = defineTask({
  type: 'testing',
  input: after('implement_solution', Solution),
  output: TestedSolution,
});
const deploy = defineTask({
  type: 'deployment',
  input: after('test_solution', TestedSolution),
  output: Release,
});

/** Six swarms in three regions. What tells swarms of one type apart are their attributes, their load and their price. */
export function createFleet(servers: string, releases: string): Swarm[] {
  const swarm = (
    id: string,
    region: string,
    costPerHour: number,
    attributes: SwarmOptions['attributes'],
  ): Swarm =>
    createSwarm({
      id: `${id}-${process.pid}`,
      region,
      slots: 2,
      costPerHour,
      capabilities: [CAPABILITY],
      attributes: attributes ?? {},
      servers,
    });
  const python = { language: ['python'], framework: ['fastapi'] };
  return [
    swarm('analysts', 'us-east', 3.2, { analysis_depth: ['standard', 'comprehensive'] }).handle(
      analyze,
      (input) => analyzeRequirements(input.document),
    ),
    swarm('architects', 'eu-west', 4.8, { architecture_type: ['microservices'] }).handle(design, (input) =>
      designArchitecture(input.upstream.analyze_requirements),
    ),
    swarm('builders-eu', 'eu-west', 6.4, python).handle(implement, (input) =>
      implementSolution(input.upstream.design_architecture),
    ),
    swarm('builders-ap', 'ap-south', 4, python).handle(implement, (input) =>
      implementSolution(input.upstream.design_architecture),
    ),
    swarm('testers', 'us-east', 5.6, { test_coverage: TEST_COVERAGE }).handle(test, (input, { signal }) =>
      testSolution(input.upstream.implement_solution, TEST_COVERAGE, signal),
    ),
    swarm('releases', 'eu-west', 2.4, { environment: ['staging', 'production'] }).handle(
      deploy,
      (input, { task }) =>
        deploySolution(input.upstream.test_solution, join(releases, task.workflowId ?? task.id)),
    ),
  ];
}

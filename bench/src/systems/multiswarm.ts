import { profiled } from '../profiling';
import { PARKED, startDeployment, type Deployment } from './deployment';
import { toSteps } from './flow-shapes';
import { inChunks, type System } from './system';

/** The three built services, one swarm in a process of its own, and a client of the SDK over NATS in this process. */
export const multiswarm: System = {
  name: 'multiswarm',
  start: async ({ appendfsync, concurrency, chunk, probed = false }) => {
    const swarms = [{ id: 'bench', slots: concurrency }];
    const deployment = await startDeployment({ appendfsync, swarms, probed });
    const { client, children, processes, serverVersions, anyFailed } = deployment;
    return {
      batch: (count) => batch(deployment, count, chunk),
      lone: async () => {
        const from = performance.now();
        const task = await client.submit('noop', { n: 0 });
        await Promise.race([task.result(), anyFailed]);
        return performance.now() - from;
      },
      flow: async (shape) => {
        const workflow = toSteps(shape);
        const from = performance.now();
        const run = await client.submitWorkflow(workflow);
        await Promise.race([run.result(), anyFailed]);
        return performance.now() - from;
      },
      submit: () => client.submit(PARKED, { n: 0 }),
      profiled: (directory, label, work) => profiled(directory, label, children, work),
      ...{ processes, serverVersions },
      stop: () => deployment.stop(),
    };
  },
};

/** The clock stops when this client knows that the last one has succeeded: its result is committed, and the event of it is here. */
async function batch(
  { client, completions, anyFailed }: Deployment,
  count: number,
  chunk: number | undefined,
): Promise<number> {
  const items = Array.from({ length: count }, (_, n) => ({ task: 'noop', input: { n } }));
  const seen = completions.next(count);
  // A task that fails early must not be an unhandled rejection while the batch is still being handed in.
  seen.catch(() => undefined);
  const from = performance.now();
  await inChunks(items, chunk, async (part) => {
    const { rejected } = await client.submitBatch(part);
    if (rejected > 0) throw new Error(`${rejected} of ${part.length} tasks were not accepted`);
  });
  await Promise.race([seen, anyFailed]);
  return performance.now() - from;
}

import { FlowProducer, type FlowJobNode, type QueueEvents } from 'bullmq';
import type { Child } from '../child';
import type { FlowShape } from './flow-shapes';
import type { Endings, RunningSystem } from './system';

/**
 * Flows, as suits BullMQ best: all jobs in one queue, so that the worker gets a parent with the answer in which it completes the last
 * child; one call for a flow; and the end known by one event of the root, whose id is chosen here, so that nothing has to be asked
 * after it was added (`waitUntilFinished` does, once for each job).
 */
export function flows(
  queueName: string,
  port: number,
  worker: Child,
  following: () => Promise<QueueEvents>,
  endings: Endings,
): RunningSystem['flow'] {
  let opened: Promise<FlowProducer> | undefined;
  const waiting = new Map<string, () => void>();
  let added = 0;
  const open = async (): Promise<FlowProducer> => {
    const producer = new FlowProducer({ connection: { host: '127.0.0.1', port } });
    endings.add(() => producer.close());
    const events = await following();
    events.on('completed', ({ jobId }) => waiting.get(jobId)?.());
    await producer.waitUntilReady();
    return producer;
  };
  return async (shape) => {
    const flow = await (opened ??= open());
    const jobId = `flow-${(added += 1)}`;
    const tree = { ...toTree(shape, queueName), opts: { jobId } };
    const from = performance.now();
    const ended = new Promise<void>((resolve) => waiting.set(jobId, resolve));
    await flow.add(tree);
    await Promise.race([ended, worker.failed]);
    waiting.delete(jobId);
    return performance.now() - from;
  };
}

/** BullMQ's flows are trees: a job waits for its children. */
export function toTree(shape: FlowShape, queueName: string): FlowJobNode {
  const job = (n: number): FlowJobNode => ({ name: 'noop', queueName, data: { n } });
  if (shape.kind === 'fan-out')
    return { ...job(shape.width), children: Array.from({ length: shape.width }, (_, n) => job(n)) };
  let tree = job(0);
  for (let n = 1; n < shape.length; n++) tree = { ...job(n), children: [tree] };
  return tree;
}

import { Worker } from 'bullmq';

/** A worker that does nothing, as fast as it can, and tells when it has completed as many jobs as it was asked to. */
const { BENCH_QUEUE = '', BENCH_REDIS_PORT, BENCH_CONCURRENCY } = process.env;

const completed = new Set<string>();
let tellAfter = Infinity;

const worker = new Worker(BENCH_QUEUE, (job) => Promise.resolve(job.data as unknown), {
  connection: { host: '127.0.0.1', port: Number(BENCH_REDIS_PORT) },
  concurrency: Number(BENCH_CONCURRENCY),
});
worker.on('completed', ({ id }) => {
  completed.add(String(id));
  if (completed.size === tellAfter) process.send?.('done');
});
worker.on('failed', (_job, error) => {
  throw error;
});
worker.on('error', (error) => console.error('bullmq worker:', error));
process.on('message', (question: { tellAfter?: number }) => {
  if (question.tellAfter === undefined) return;
  completed.clear();
  tellAfter = question.tellAfter;
  process.send?.('counting');
});
process.once('SIGTERM', () => {
  void worker.close().then(() => process.exit(0));
});
process.once('disconnect', () => process.exit(1));
void worker.waitUntilReady().then(() => process.send?.('ready'));

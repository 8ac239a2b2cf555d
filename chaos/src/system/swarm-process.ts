import { EventEmitter, once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createSwarm, RetryableError, type TaskContext } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { Journal } from '../evidence/journal';
import { WORK_TYPES, WorkInput, type WorkType } from '../load/work';

/** A swarm whose agents note down what they do before they say it, and end when the input says, or when they are let go. */
const id = process.env['CHAOS_SWARM'] ?? '';
const journal = new Journal(process.env['CHAOS_RECORDS'] ?? '.', id);

const gate = new EventEmitter().setMaxListeners(0);
let isOpen = false;
process.on('message', (news: { gate?: 'open' | 'shut' }) => {
  isOpen = news.gate === 'open';
  if (isOpen) gate.emit('open');
});
// Whoever started this is gone.
process.once('disconnect', () => process.exit(1));

async function run(type: WorkType, given: unknown, { task, signal }: TaskContext): Promise<unknown> {
  const { n, runMs, failUntil } = WorkInput.parse(given);
  const token = randomUUID();
  const note = (kind: 'start' | 'end' | 'fail' | 'abort'): void =>
    journal.write({ kind, at: Date.now(), taskId: task.id, attempt: task.attempt, swarmId: id, token });
  note('start');
  try {
    if (type !== 'gate') await delay(runMs, undefined, { signal });
    else if (!isOpen) await once(gate, 'open', { signal });
  } catch (error) {
    note('abort');
    throw error;
  }
  if (task.attempt <= failUntil) {
    note('fail');
    throw new RetryableError('asked-to-fail', `attempt ${task.attempt} of ${failUntil} that fail`);
  }
  note('end');
  return { n, attempt: task.attempt, token };
}

const swarm = createSwarm({
  ...{ id, region: process.env['CHAOS_REGION'] ?? '', servers: process.env['NATS_URL'] ?? '' },
  slots: Number(process.env['CHAOS_SLOTS']),
  heartbeatMs: Number(process.env['CHAOS_HEARTBEAT_MS']),
  costPerHour: 1,
  drainMs: Number(process.env['CHAOS_DRAIN_MS']),
  ...{ graceMs: 500, flushMs: 1_000 },
  logger: createLogger({ service: 'swarm', level: 'warn' }),
});
for (const type of WORK_TYPES) swarm.handle(type, (input, ctx) => run(type, input, ctx));
void swarm.start().then(() => process.send?.('ready'));

import { EventEmitter, once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createSwarm, NonRetryableError, RetryableError, type TaskContext } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { z } from 'zod';
import { MailBook } from '../evidence/mail';
import { Journal } from '../evidence/journal';
import { SWARMS } from './settings';
import { blobOf, WORK_TYPES, WorkInput, type WorkType } from '../load/work';

/** A swarm whose agents note down what they do before they say it, and end when the input says, or when they are let go. */
const id = process.env['CHAOS_SWARM'] ?? '';
const journal = new Journal(process.env['CHAOS_RECORDS'] ?? '.', id);

const mail = new MailBook(process.env['CHAOS_RECORDS'] ?? '.', id);
const PEERS = SWARMS.map((swarm) => swarm.id).filter((each) => each !== id);
/** Of so many short tasks one writes to another swarm. */
const WRITES_EACH = 5;

const gate = new EventEmitter().setMaxListeners(0);
let isOpen = false;
process.on('message', (news: { gate?: 'open' | 'shut' }) => {
  isOpen = news.gate === 'open';
  if (isOpen) gate.emit('open');
});
// Whoever started this is gone.
process.once('disconnect', () => process.exit(1));

/** Nobody waits for it. */
function write(n: number, calm: boolean, { messages }: TaskContext): void {
  const to = PEERS[n % PEERS.length] ?? '';
  const letter = { token: randomUUID(), swarmId: id, to, calm };
  messages.send({ to, kind: 'letter', data: { token: letter.token } }).then(
    ({ status }) => mail.write({ ...letter, kind: status === 'published' ? 'sent' : 'unsent', why: status }),
    (error: unknown) => mail.write({ ...letter, kind: 'unsent', why: String(error) }),
  );
}

/** In parts, with the others of its swarm in between. */
async function say(times: number, ctx: TaskContext): Promise<void> {
  for (let at = 1; at <= times; at += 1) {
    if (at % 3 === 0) ctx.progress(at / times);
    else if (at % 3 === 1) ctx.log.info(`line ${at} of ${times}`);
    else ctx.output(`part ${at} of ${times}`);
    await delay(1);
  }
}

async function run(type: WorkType, given: unknown, ctx: TaskContext): Promise<unknown> {
  const { task, signal } = ctx;
  const { n, runMs, failUntil, blob, says } = WorkInput.parse(given);
  const token = randomUUID();
  const note = (kind: 'start' | 'end' | 'fail' | 'abort'): void =>
    journal.write({ kind, at: Date.now(), taskId: task.id, attempt: task.attempt, swarmId: id, token });
  note('start');
  if (blob !== undefined && blob !== blobOf(n))
    throw new NonRetryableError(
      'wrong-input',
      `the input of submission ${n} begins with ${blob.slice(0, 40)}`,
    );
  if (says !== undefined) await say(says, ctx);
  if (type === 'gate' || (type === 'short' && n % WRITES_EACH === 0)) write(n, type === 'gate', ctx);
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
  return { n, attempt: task.attempt, token, ...(blob === undefined ? {} : { blob }) };
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
const Letter = z.object({ token: z.string() });
swarm.messages.on('letter', ({ data, to }) => {
  mail.write({ kind: 'heard', token: Letter.parse(data).token, swarmId: id, to, calm: false });
});
void swarm.start().then(() => process.send?.('ready'));

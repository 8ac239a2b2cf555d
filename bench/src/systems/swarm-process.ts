import { setTimeout as delay } from 'node:timers/promises';
import { createSwarm, type TaskHandler } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { HOLD_TYPE, STEP_TYPE } from './flow-shapes';
import { Gate } from './gate';

/**
 * A swarm that does nothing, as fast as it can, and gives back what it got; steps of workflows give back nothing, since what
 * they got has the outputs before them, and recorded ones hold their slot for as long as they say. With BENCH_GATED its attempts wait in their slots until the bench lets a number
 * of them through (`{ open: n }`), so that work waits in the orchestrator while the swarm lives and holds what it has.
 */
const gated = process.env['BENCH_GATED'] === 'true';
const gate = new Gate();
const type = process.env['BENCH_TYPE'] ?? 'noop';
/** Lines that are said in one turn. */
const AT_ONCE = 50;
const LINE = 'x'.repeat(100);

/** Says so many lines, as fast as it can without holding its process up. */
const talk: TaskHandler = async (input, ctx) => {
  const { lines } = input as { lines: number };
  for (let n = 1; n <= lines; n++) {
    ctx.output(LINE);
    if (n % AT_ONCE === 0) await delay(1);
  }
  return lines;
};
/** Holds its slot for `input.holdMs` milliseconds; without a timer where it is none, which would wait for one. */
const hold: TaskHandler = async (input) => {
  const { holdMs } = input as { holdMs: number };
  if (holdMs > 0) await delay(holdMs);
  return null;
};
const swarm = createSwarm({
  id: process.env['BENCH_SWARM'] ?? 'bench',
  region: 'local',
  slots: Number(process.env['BENCH_SLOTS']),
  servers: process.env['NATS_URL'] ?? '',
  // By default it writes a line for each attempt; the peer writes none.
  logger: createLogger({ service: 'swarm', level: 'warn' }),
})
  .handle(type, type === 'talk' ? talk : gated ? (input) => gate.pass(input) : (input) => input)
  .handle(STEP_TYPE, () => null)
  .handle(HOLD_TYPE, hold);

process.on('message', ({ open }: { open?: number }) => {
  if (open !== undefined) gate.open(open);
});
process.once('SIGTERM', () => gate.open(Infinity));
process.once('disconnect', () => process.exit(1));
void swarm.start().then(() => process.send?.('ready'));

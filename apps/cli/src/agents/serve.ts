import { MultiswarmError } from '@multiswarm/contracts';
import type { Swarm } from '@multiswarm/sdk';
import { EXIT } from '../faults';
import type { Io } from '../io';
import { onNpmGone } from '../processes/npm-parent';
import type { AgentSwarm } from './agent-swarm';

/**
 * Starts the swarms and runs them until all have stopped: the first signal drains them, a second one ends them at once.
 * One that its region sends away stops alone, and the others go on; the exit is `not-admitted` in the end.
 */
export async function serve(members: readonly AgentSwarm[], io: Io): Promise<number> {
  const swarms = members.map(({ swarm }) => swarm);
  const stopped = Promise.all(swarms.map(untilStopped));
  await startAll(members);
  await endedBySignals(members, stopped, io);
  const reason = swarms.find(({ dismissed }) => dismissed !== undefined)?.dismissed;
  if (reason === undefined) return EXIT.ok;
  throw new MultiswarmError('not-admitted', reason);
}

/** All or none: a swarm that cannot start ends those that did. */
async function startAll(members: readonly AgentSwarm[]): Promise<void> {
  const results = await Promise.allSettled(
    members.map(async ({ swarm, logger }) => {
      await swarm.start();
      logger.info('ready', { region: swarm.region });
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return;
  await Promise.all(members.map(({ swarm }) => swarm.stop()));
  throw failed.reason;
}

async function endedBySignals(
  members: readonly AgentSwarm[],
  stopped: Promise<unknown>,
  io: Io,
): Promise<void> {
  let asked = 0;
  const stopListening: (() => void)[] = [];
  const failed = new Promise<never>((_resolve, reject) => {
    const ask = (why: string): void => {
      asked += 1;
      const gently = asked === 1;
      for (const { swarm, logger } of members) {
        logger.info(gently ? `${why}: draining` : `${why} again: stopping`);
        end(swarm, gently).catch(reject);
      }
    };
    stopListening.push(
      io.onInterrupt(ask),
      // After Ctrl-C npm goes too: that is no second signal.
      onNpmGone(io, () => {
        if (asked === 0) ask('npm is gone');
      }),
    );
  });
  await Promise.race([stopped, failed]).finally(() => stopListening.forEach((stop) => stop()));
}

async function end(swarm: Swarm, gently: boolean): Promise<void> {
  if (gently) await swarm.drain();
  await swarm.stop();
}

function untilStopped(swarm: Swarm): Promise<void> {
  return new Promise((resolve) => {
    swarm.onStateChange((state) => {
      if (state === 'stopped') resolve();
    });
  });
}

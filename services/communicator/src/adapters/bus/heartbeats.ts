import type { Bus, Listening } from '@multiswarm/bus';
import { Heartbeat, subjects } from '@multiswarm/contracts';
import { delay, every, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { Heard, Presence } from '../../domain/presence';

/** How long a starting replica waits for the answers to its census before it takes messages. */
export const CENSUS_WAIT_MS = 300;
const FORGET_EVERY_MS = 30_000;
/** One line per this many refused swarms: a full table must not fill the log too. */
const FULL_LOG_EVERY = 1_000;

export interface HeartbeatParts {
  clock: Clock;
  logger: Logger;
  /** Each one, and what it did to the table. */
  onBeat: (beat: Heartbeat, heard: Heard) => void;
}

/** Keeps the table of who is there. Every replica hears every heartbeat: there is no queue group here. */
export async function followHeartbeats(
  bus: Bus,
  presence: Presence,
  { clock, logger, onBeat }: HeartbeatParts,
): Promise<Listening> {
  let full = 0;
  const listening = bus.subscribe(subjects.allHeartbeats(), { schema: Heartbeat }, (beat) => {
    const heard = presence.heard(beat, clock.monotonic());
    onBeat(beat, heard);
    if (heard === 'joined' || heard === 'left') logger.debug(`swarm ${heard}`, { swarmId: beat.swarmId });
    if (heard === 'full' && full++ % FULL_LOG_EVERY === 0) {
      logger.warn('too many swarms: messages to some are refused', { swarmId: beat.swarmId, refused: full });
    }
  });
  const askAll = (): void => bus.publish(subjects.census(), { v: 1 });
  // Heartbeats that went by while we were cut off are missing: everybody would look down.
  bus.onReconnect(askAll);
  askAll();
  const stopForgetting = every(clock, FORGET_EVERY_MS, () => presence.forgetSilent(clock.monotonic()));
  await delay(clock, CENSUS_WAIT_MS);
  return {
    stop: () => {
      stopForgetting();
      listening.stop();
    },
  };
}

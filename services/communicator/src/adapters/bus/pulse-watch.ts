import type { Bus } from '@multiswarm/bus';
import { Heartbeat, subjects } from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';
import { Pulses } from '../../domain/mailbox/pulses';

const LOOK_MS = 500;

/**
 * Tells which processes of swarms have fallen silent. Before each look the server has to answer, so that what it had for us is here; where it
 * does not, or where this process slept, no more than the time of one look has passed in which anybody could be heard.
 */
export function watchPulses(
  bus: Bus,
  clock: Clock,
  onSilent: (readers: ReadonlySet<string>) => void,
): Cancel {
  const pulses = new Pulses();
  const listening = bus.subscribe(subjects.allHeartbeats(), { schema: Heartbeat }, (beat) =>
    pulses.heard(beat),
  );
  const stopLooking = every(clock, LOOK_MS, async () => {
    const answered = await bus.rttMs().then(
      () => true,
      () => false,
    );
    const silent = answered ? pulses.passed(LOOK_MS) : undefined;
    if (silent !== undefined && silent.size > 0) onSilent(silent);
  });
  return () => {
    stopLooking();
    listening.stop();
  };
}

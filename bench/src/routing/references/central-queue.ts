import { WAIT, type Routing } from '../routing';
import type { Host } from '../world/host';

/**
 * What nobody can build: one queue for all, that sees every host as it is, at once. The next in it goes to the host with the
 * most power for one more job; it waits while no host has a slot with a core of its own.
 */
export const centralQueue: Routing = {
  name: 'central-queue',
  binding: 'late',
  instant: true,
  start: ({ hosts }) => ({
    place: () => {
      let best = WAIT;
      let most = 0;
      for (const host of hosts) {
        const power = powerForOneMore(host);
        if (power <= most) continue;
        most = power;
        best = host.index;
      }
      return best;
    },
  }),
};

/** Work per second that one more job would get; zero where it would have no slot, or would share a core. */
function powerForOneMore({ held, spec, cores, speed, mode }: Host): number {
  if (mode !== 'well' || held >= spec.slots || held + 1 > Math.max(1, cores)) return 0;
  return speed * (1 - held / (1_000 * spec.slots));
}

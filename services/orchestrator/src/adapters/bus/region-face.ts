import type { Bus } from '@multiswarm/bus';
import { DispatchRequest, RegionControl, subjects } from '@multiswarm/contracts';
import type { RegionFace } from '../../application/regional-role';
import { say } from './ports';

/** Attempts in one message of a summary. */
const SUMMARY_ATTEMPTS = 5_000;

/** The subjects that a coordinator listens on while it holds its region's lease, and what it says to all. */
export function regionFace(bus: Bus): RegionFace {
  return {
    connected: () => bus.connected,
    open: (region, coordinator) => {
      const listening = [
        bus.respond(subjects.regionDispatch(region), { request: DispatchRequest }, async (request) => ({
          v: 1,
          outcomes: await coordinator.dispatch(request),
        })),
        bus.respond(
          subjects.regionControl(region),
          { request: RegionControl },
          async ({ swarmId, control }) => {
            await coordinator.control(swarmId, control);
            return null;
          },
        ),
      ];
      return () => listening.forEach((each) => each.stop());
    },
    summarize: (coordinator) => {
      if (!bus.connected) return;
      const summary = coordinator.summary();
      const parts = Math.max(1, Math.ceil(summary.held.length / SUMMARY_ATTEMPTS));
      for (let part = 0; part < parts; part += 1) {
        const held = summary.held.slice(part * SUMMARY_ATTEMPTS, (part + 1) * SUMMARY_ATTEMPTS);
        say(bus, subjects.regionSummary(summary.region), { ...summary, held });
      }
    },
    census: () => {
      say(bus, subjects.census(), {});
    },
  };
}

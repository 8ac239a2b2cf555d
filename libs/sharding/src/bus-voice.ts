import type { Bus } from '@multiswarm/bus';
import { MultiswarmError } from '@multiswarm/contracts';
import type { ReplicaVoice } from './replicas';

/** Replicas that hear each other on a subject of the bus. Without a connection nothing is said: it is said again before long. */
export function busVoice(bus: Bus, subject: string): ReplicaVoice {
  return {
    announce: (alive) => {
      try {
        bus.publish(subject, alive);
      } catch (error) {
        if (!(error instanceof MultiswarmError) || error.code !== 'bus-unavailable') throw error;
      }
    },
    connected: () => bus.connected,
  };
}

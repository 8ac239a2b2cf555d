import type { Settings } from '@multiswarm/service';
import type { Relaying } from './domain/promises';

/** What the communicator needs of the settings; they are read and checked by `libs/service`. */
export interface CommunicatorConfig {
  natsUrl: string;
  redisUrl: string;
  relaying: Relaying;
  streamReplicas: number;
}

export function toConfig(settings: Settings): CommunicatorConfig {
  return {
    natsUrl: settings.NATS_URL,
    redisUrl: settings.REDIS_URL,
    streamReplicas: settings.STREAM_REPLICAS,
    relaying: { crossSwarm: settings.CROSS_SWARM_COMMUNICATION },
  };
}

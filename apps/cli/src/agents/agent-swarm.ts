import type { SwarmProfile } from '@multiswarm/contracts';
import { createSwarm, type Swarm } from '@multiswarm/sdk';
import { createLogger, LOG_LEVELS, type Logger, type LogLevel } from '@multiswarm/telemetry';
import type { Io } from '../io';
import { Reaper } from '../processes/reaper';
import { execAgent } from './exec-agent';
import { holdAgent } from './hold-agent';

/** A swarm whose agents are runs of a command, or hold their slots where there is none. */
export interface AgentSwarm {
  swarm: Swarm;
  logger: Logger;
}

export interface AgentSwarmOptions {
  profile: SwarmProfile;
  /** For `sh -c`; undefined: every attempt holds its slot for `input.holdMs`. */
  exec: string | undefined;
  /** NATS servers, comma-separated. */
  servers: string;
  /** From SIGTERM to SIGKILL when an attempt is cancelled. */
  graceMs: number;
  /** How long running attempts may go on once the swarm drains. */
  drainMs: number;
}

/** Makes the swarm, not yet connected. */
export function agentSwarm(options: AgentSwarmOptions, io: Io): AgentSwarm {
  const { servers, drainMs, graceMs } = options;
  const { swarmId: id, ...profile } = options.profile;
  const logger = swarmLogger(id, io);
  const swarm = createSwarm({
    ...profile,
    ...{ id, servers, drainMs, logger },
    // The SDK waits for handlers that were aborted; ours need the grace time and a moment more.
    graceMs: graceMs + 1_000,
    handleSignals: false,
  });
  swarm.handle('*', agentOf(options, io));
  return { swarm, logger };
}

function agentOf({ exec: command, graceMs }: AgentSwarmOptions, io: Io): ReturnType<typeof execAgent> {
  if (command === undefined) return holdAgent(io.clock);
  return execAgent({ command, graceMs, cwd: io.cwd, env: io.env, clock: io.clock, reaper: new Reaper() });
}

function swarmLogger(id: string, io: Io): Logger {
  const asked = io.env['LOG_LEVEL'] ?? '';
  const level: LogLevel = LOG_LEVELS.find((known) => known === asked) ?? 'info';
  const json = io.env['LOG_FORMAT'] === undefined ? !io.stderr.isTty : io.env['LOG_FORMAT'] !== 'text';
  return createLogger({ service: id, level, json });
}

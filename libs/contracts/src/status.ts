import { z } from 'zod';
import { Instant } from './names';
import { RegionView } from './swarm';

export const HEALTH = ['healthy', 'degraded', 'down'] as const;
export const Health = z.enum(HEALTH);

/** `GET /health` of every service. */
export const ServiceHealth = z.object({
  service: z.string(),
  version: z.string(),
  status: Health,
  checks: z.record(
    z.string(),
    z.object({ ok: z.boolean(), latencyMs: z.number(), detail: z.string().optional() }),
  ),
  uptimeMs: z.number(),
});
export type ServiceHealth = z.infer<typeof ServiceHealth>;

/** `GET /status`: the whole system at a glance. Shares are 0 to 1; null where nothing was measured yet. */
export const SystemStatus = z.object({
  health: Health,
  at: Instant,
  reasons: z.array(z.string()).describe('why health is not "healthy"'),
  services: z.array(z.object({ name: z.string(), instances: z.number().int(), version: z.string() })),
  system_metrics: z.object({
    active_swarms: z.number().int(),
    active_regions: z.number().int(),
    success_rate: z.number().nullable().describe('succeeded / (succeeded + failed), all tasks that ended'),
    resource_utilization: z.number().nullable().describe('busy slots / slots'),
    cost_per_hour: z.number().describe('USD, all connected swarms'),
  }),
  tasks: z
    .record(z.string(), z.number().int())
    .describe('tasks by state; ended ones since the data directory was made'),
  regions: z.array(RegionView),
});
export type SystemStatus = z.infer<typeof SystemStatus>;

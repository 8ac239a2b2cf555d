import type { ServiceHealth } from '@multiswarm/contracts';
import { deferred, type Clock } from '@multiswarm/core';

export interface CheckResult {
  ok: boolean;
  detail?: string;
}

/** Returns nothing when all is well, a result that says more, or throws. */
export type Check = () => Promise<CheckResult | void>;

/** A plain check makes the service `down` when it fails; `degrades` makes it `degraded`. */
export type HealthCheck = Check | { check: Check; degrades: true };

export interface HealthOptions {
  service: string;
  version: string;
  checks: () => Record<string, HealthCheck>;
  clock: Clock;
}

/** A dependency that does not answer must not hold up the answer about it. */
const CHECK_TIMEOUT_MS = 2_000;

/** Runs all checks at once. */
export function healthReporter({
  service,
  version,
  checks,
  clock,
}: HealthOptions): () => Promise<ServiceHealth> {
  const startedAt = clock.monotonic();
  return async () => {
    const entries = Object.entries(checks());
    const results = await Promise.all(
      entries.map(async ([name, check]) => ({
        name,
        degrades: typeof check !== 'function',
        result: await runCheck(typeof check === 'function' ? check : check.check, clock),
      })),
    );
    const failed = results.filter(({ result }) => !result.ok);
    const status =
      failed.length === 0 ? 'healthy' : failed.every(({ degrades }) => degrades) ? 'degraded' : 'down';
    return {
      service,
      version,
      status,
      checks: Object.fromEntries(results.map(({ name, result }) => [name, result])),
      uptimeMs: Math.round(clock.monotonic() - startedAt),
    };
  };
}

async function runCheck(check: Check, clock: Clock): Promise<ServiceHealth['checks'][string]> {
  const from = clock.monotonic();
  const late = deferred<CheckResult>();
  const cancel = clock.after(CHECK_TIMEOUT_MS, () =>
    late.resolve({ ok: false, detail: `no answer in ${CHECK_TIMEOUT_MS} ms` }),
  );
  const result = await Promise.race([Promise.resolve().then(check).catch(failed), late.promise]);
  cancel();
  const { ok, detail } = result ?? { ok: true };
  const latencyMs = Math.round((clock.monotonic() - from) * 100) / 100;
  return detail === undefined ? { ok, latencyMs } : { ok, latencyMs, detail };
}

function failed(error: unknown): CheckResult {
  return { ok: false, detail: error instanceof Error ? error.message : String(error) };
}

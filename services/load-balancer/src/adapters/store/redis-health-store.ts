import { join } from 'node:path';
import { Forced, HealthEvent, keys, LIMITS, MaintenanceWindow } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { z } from 'zod';
import type { HealthStore, StoredHealth } from '../../ports';

const changeScript = loadScript(join(__dirname, '..', '..', '..', 'lua', 'change-health.lua'));

type Kind = 'forced' | 'windows';

const HASHES: Record<Kind, () => string> = { forced: keys.healthForced, windows: keys.healthWindows };
const MOST: Record<Kind, number> = { forced: LIMITS.HEALTH_FORCED, windows: LIMITS.MAINTENANCE_WINDOWS };

/** What operators have set, and the list of what they did, in one slot of Redis. */
export function redisHealthStore(store: Store): HealthStore {
  const change = async (
    kind: Kind,
    id: string,
    given: { value?: object; onlyIf?: object; event?: HealthEvent },
  ): Promise<{ revision: number; wasThere: boolean } | 'full'> => {
    const answer = await store.run(
      changeScript,
      [HASHES[kind](), keys.healthRevision(), keys.healthAudit()],
      [id, text(given.value), text(given.onlyIf), text(given.event), MOST[kind], LIMITS.HEALTH_AUDIT],
    );
    if (answer === 'full') return 'full';
    // What the script answers otherwise.
    const [revision, wasThere] = answer as [number, number];
    return { revision, wasThere: wasThere === 1 };
  };
  return {
    read: () => read(store),
    force: (forced, event) => change('forced', forced.swarmId, { value: forced, event }),
    unforce: (swarmId, event) => change('forced', swarmId, { event }),
    plan: (window, event) => change('windows', window.id, { value: window, event }),
    cancel: (id, event) => change('windows', id, { event }),
    forget: async (over) => {
      for (const each of over)
        await ('swarmId' in each
          ? change('forced', each.swarmId, { onlyIf: each })
          : change('windows', each.id, { onlyIf: each }));
    },
  };
}

function text(value: object | undefined): string {
  return value === undefined ? '' : JSON.stringify(value);
}

/** In one transaction, so that the revision is that of what was read. */
async function read(store: Store): Promise<StoredHealth> {
  const results = await store.guard((redis) =>
    redis
      .multi()
      .hvals(keys.healthForced())
      .hvals(keys.healthWindows())
      .get(keys.healthRevision())
      .lrange(keys.healthAudit(), 0, LIMITS.HEALTH_AUDIT - 1)
      .exec(),
  );
  const values = (results ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
  // What Redis answers to these four.
  const [forced, windows, revision, audit] = values as [string[], string[], string | null, string[]];
  return {
    forced: forced.flatMap((each) => parsed(Forced, each)),
    windows: windows.flatMap((each) => parsed(MaintenanceWindow, each)),
    revision: Number(revision ?? 0),
    audit: audit.flatMap((each) => {
      const space = each.indexOf(' ');
      return parsed(HealthEvent, each.slice(space + 1)).map((event) => ({
        revision: Number(each.slice(0, space)),
        event,
      }));
    }),
  };
}

/** Nothing for what a later version has stored in another form: it is that version's to mind. */
function parsed<T>(schema: z.ZodType<T>, stored: string): T[] {
  const result = schema.safeParse(JSON.parse(stored));
  return result.success ? [result.data] : [];
}

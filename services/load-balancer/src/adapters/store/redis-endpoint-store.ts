import { join } from 'node:path';
import { ExternalEndpoint, keys, LIMITS } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { EndpointStore } from '../../ports';

const directory = join(__dirname, '..', '..', '..', 'lua');
const putScript = loadScript(join(directory, 'put-endpoint.lua'));
const removeScript = loadScript(join(directory, 'remove-endpoint.lua'));

/** Registered endpoints: one hash, and the counter of their revisions. */
export function redisEndpointStore(store: Store): EndpointStore {
  const both = [keys.endpoints(), keys.endpointRevisions()];
  return {
    all: async () => {
      const [stored, revision, time] = await readAll(store);
      const endpoints = Object.entries(stored).flatMap(([id, text]) => decode(id, text) ?? []);
      const [seconds = 0, micros = 0] = time.map(Number);
      return {
        endpoints,
        revision: Number(revision ?? 0),
        nowMs: seconds * 1000 + Math.floor(micros / 1000),
      };
    },
    put: async (endpoint, instance, ifRevision) => {
      const args = [endpoint.swarmId, JSON.stringify(endpoint), instance, ifRevision ?? '', LIMITS.ENDPOINTS];
      const answer = (await store.run(putScript, both, args)) as
        [string, string, string, string] | 'conflict' | 'full';
      if (typeof answer === 'string') return answer;
      const [revision, registeredAs, registeredAt, renewedAt] = answer;
      return {
        ...endpoint,
        revision: Number(revision),
        instance: registeredAs,
        registeredAt: Number(registeredAt),
        renewedAt: Number(renewedAt),
      };
    },
    remove: async (swarmId, { ifRevision, unlessRenewedAfter }) => {
      const args = [swarmId, ifRevision ?? '', unlessRenewedAfter ?? ''];
      return (await store.run(removeScript, both, args)) as number | 'conflict' | 'absent';
    },
  };
}

/** In one transaction: whatever has a later revision than the one read has changed after the hash was read. */
async function readAll(store: Store): Promise<[Record<string, string>, string | null, string[]]> {
  const results = await store.guard((redis) =>
    redis.multi().hgetall(keys.endpoints()).get(keys.endpointRevisions()).time().exec(),
  );
  const values = (results ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
  // What Redis answers to these three.
  return values as [Record<string, string>, string | null, string[]];
}

const STORED = /^(\d+) (\S+) (\d+) (\d+) ([^]*)$/;

/** Undefined for what a later version has stored in another form: it is that version's to serve. */
function decode(swarmId: string, text: string): ExternalEndpoint | undefined {
  const [, revision, instance, registeredAt, renewedAt, json = ''] = STORED.exec(text) ?? [];
  if (revision === undefined) return undefined;
  const times = { registeredAt: Number(registeredAt), renewedAt: Number(renewedAt) };
  const registration = JSON.parse(json) as Record<string, unknown>;
  const parsed = ExternalEndpoint.safeParse({
    ...registration,
    swarmId,
    instance,
    revision: Number(revision),
    ...times,
  });
  return parsed.success ? parsed.data : undefined;
}

import { join } from 'node:path';
import { keys, LIMITS, MultiswarmError, NamespaceSettings } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { NamespaceEntry, NamespaceStore } from '../../ports';

const putScript = loadScript(join(__dirname, '..', '..', '..', 'lua', 'put-namespace.lua'));

/** Settings of namespaces: one hash, JSON with its revision by name. */
export function redisNamespaceStore(store: Store): NamespaceStore {
  const key = keys.namespaces();
  return {
    get: async (namespace) => decode(namespace, await store.guard((redis) => redis.hget(key, namespace))),
    put: async (namespace, settings, ifRevision) => {
      const args = [namespace, JSON.stringify(settings), ifRevision ?? '', LIMITS.NAMESPACES];
      const answer = (await store.run(putScript, [key], args)) as number | 'conflict' | 'full';
      if (answer === 'full') throw tooMany();
      return answer;
    },
    all: async () => {
      const stored = await store.guard((redis) => redis.hgetall(key));
      const entries = Object.entries(stored).map(([namespace, text]) => decode(namespace, text));
      return entries.sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
    },
  };
}

/** Settings of another version may lack what this one knows, or have more. */
function decode(namespace: string, text: string | null): NamespaceEntry {
  const stored = text ? (JSON.parse(text) as Pick<NamespaceEntry, 'revision' | 'settings'>) : undefined;
  const settings = { ...NamespaceSettings.parse({}), ...stored?.settings };
  return { namespace, revision: stored?.revision ?? 0, settings };
}

function tooMany(): MultiswarmError {
  const message = `settings are kept for at most ${LIMITS.NAMESPACES} namespaces (NAMESPACES)`;
  return new MultiswarmError('invalid-request', message, {
    findings: [{ pointer: '/namespace', code: 'too-many-namespaces', message }],
  });
}

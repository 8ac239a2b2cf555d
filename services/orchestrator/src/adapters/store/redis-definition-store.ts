import { join } from 'node:path';
import { keys, LIMITS, MultiswarmError, type DefinitionSummary } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { DefinitionStore, NamedDefinition } from '../../ports';

const lua = (name: string) => loadScript(join(__dirname, '..', '..', '..', 'lua', name));
const putScript = lua('put-definition.lua');
const deleteScript = lua('delete-definition.lua');

/** As it is stored: what its key and field say is left out. */
type Head = Omit<DefinitionSummary, 'namespace' | 'name' | 'version'>;

/** Definitions: a hash for each, with a head and a body per version; lists read heads only. */
export function redisDefinitionStore(store: Store): DefinitionStore {
  const shared = [keys.definitions(), keys.definitionVersions()];
  const newestOf = async ({ namespace, name }: NamedDefinition): Promise<number> =>
    Number(
      await store.guard((redis) => redis.hget(keys.definitionVersions(), memberOf({ namespace, name }))),
    );
  const heads = (of: NamedDefinition, versions: readonly number[]): Promise<(string | null)[]> =>
    versions.length === 0
      ? Promise.resolve([])
      : store.guard((redis) =>
          redis.hmget(keys.definition(of.namespace, of.name), ...versions.map((version) => `m${version}`)),
        );
  return {
    put: async ({ namespace, name, body, ...head }) => {
      const of = { namespace, name };
      const stored: Head = head;
      const args = [memberOf(of), head.bodyHash, JSON.stringify(stored), JSON.stringify(body)];
      const limits = [LIMITS.DEFINITIONS, LIMITS.DEFINITION_VERSIONS];
      const scriptKeys = [keys.definition(namespace, name), ...shared];
      const answer = (await store.run(putScript, scriptKeys, [...args, ...limits])) as
        [version: number, head: string] | 'names' | 'versions';
      if (typeof answer === 'string') throw tooMany(answer, name);
      return summary(of, answer[0], answer[1]);
    },
    get: async (of, version) => {
      const wanted = version ?? (await newestOf(of));
      const fields = [`m${wanted}`, `b${wanted}`];
      const [head, body] = await store.guard((redis) =>
        redis.hmget(keys.definition(of.namespace, of.name), ...fields),
      );
      if (!head || !body) return undefined;
      return { ...summary(of, wanted, head), body: JSON.parse(body) as Record<string, never> }; // written by us
    },
    list: async (namespace, after, limit) => {
      const [least, most] = namespace === undefined ? ['-', '+'] : [`[${namespace}/`, `(${namespace}0`]; // 0 follows the slash
      const from = after === undefined ? least : `(${memberOf(after)}`;
      const members = await store.guard((redis) =>
        redis.zrangebylex(keys.definitions(), from, most, 'LIMIT', 0, limit + 1),
      );
      const page = members.slice(0, limit);
      const all = await Promise.all(
        page.map(async (member) => {
          const of = nameIn(member);
          const newest = await newestOf(of);
          const [head] = await heads(of, [newest]);
          return head ? [summary(of, newest, head)] : []; // deleted meanwhile
        }),
      );
      const last = members.length > limit ? page.at(-1) : undefined;
      return { items: all.flat(), last: last === undefined ? undefined : nameIn(last) };
    },
    versions: async (of, before, limit) => {
      const first = (before ?? (await newestOf(of)) + 1) - 1;
      const wanted = Array.from({ length: Math.min(limit, first) }, (_, index) => first - index);
      const found = await heads(of, wanted);
      return wanted.flatMap((version, index) => {
        const head = found[index];
        return head ? [summary(of, version, head)] : [];
      });
    },
    remove: async (of) => {
      const scriptKeys = [keys.definition(of.namespace, of.name), ...shared];
      const version = (await store.run(deleteScript, scriptKeys, [memberOf(of)])) as number;
      return version === 0 ? undefined : version;
    },
  };
}

function memberOf({ namespace, name }: NamedDefinition): string {
  return `${namespace}/${name}`;
}

/** A namespace has no slash, a name may have some. */
function nameIn(member: string): NamedDefinition {
  const at = member.indexOf('/');
  return { namespace: member.slice(0, at), name: member.slice(at + 1) };
}

function summary(of: NamedDefinition, version: number, head: string): DefinitionSummary {
  return { ...of, version, ...(JSON.parse(head) as Head) };
}

function tooMany(what: 'names' | 'versions', name: string): MultiswarmError {
  const message =
    what === 'versions'
      ? `"${name}" has ${LIMITS.DEFINITION_VERSIONS} versions already (DEFINITION_VERSIONS): put it under another name, or delete it`
      : `${LIMITS.DEFINITIONS} names are remembered already, those of deleted definitions too (DEFINITIONS): use one of them`;
  return new MultiswarmError('invalid-request', message, {
    findings: [{ pointer: '/name', code: `too-many-${what}`, message }],
  });
}

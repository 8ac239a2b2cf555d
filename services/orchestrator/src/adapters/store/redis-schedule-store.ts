import { join } from 'node:path';
import { keys, LIMITS, MultiswarmError } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { ScheduleState } from '../../domain/schedule/schedule';
import type {
  ListedSchedule,
  NamedSchedule,
  ScheduleBody,
  ScheduleStore,
  StoredSchedule,
} from '../../schedule-ports';

const lua = (name: string) => loadScript(join(__dirname, '..', '..', '..', 'lua', name));
const createScript = lua('create-schedule.lua');
const changeScript = lua('change-schedule.lua');
const deleteScript = lua('delete-schedule.lua');

const EXISTS = 0;
const CHANGED = 0;
const REFUSED = -1;

/** Schedules: a hash for each, beside the lease of the scheduler, so that one script checks its epoch where it writes. */
export function redisScheduleStore(store: Store): ScheduleStore {
  return { ...reads(store), ...writes(store) };
}

function reads(store: Store): Pick<ScheduleStore, 'get' | 'list' | 'soonest'> {
  const get = async (of: NamedSchedule): Promise<StoredSchedule | undefined> => {
    const key = keys.schedule(of.namespace, of.name);
    const fields = await store.guard((redis) => redis.hmget(key, 'head', 'state', 'rev', 'workflow'));
    const [, , revision, workflow] = fields;
    const listed = decoded(of, fields);
    if (!listed || !revision || !workflow) return undefined;
    const parsed = JSON.parse(workflow) as ScheduleBody['workflow']; // written by us
    return { ...listed, revision: Number(revision), body: { ...listed.body, workflow: parsed } };
  };
  const getListed = async (of: NamedSchedule): Promise<ListedSchedule | undefined> => {
    const key = keys.schedule(of.namespace, of.name);
    return decoded(of, await store.guard((redis) => redis.hmget(key, 'head', 'state')));
  };
  return {
    get,
    list: async (namespace, after, limit) => {
      const [least, most] = namespace === undefined ? ['-', '+'] : [`[${namespace}/`, `(${namespace}0`]; // 0 follows the slash
      const from = after === undefined ? least : `(${memberOf(after)}`;
      const members = await store.guard((redis) =>
        redis.zrangebylex(keys.schedules(), from, most, 'LIMIT', 0, limit + 1),
      );
      const page = members.slice(0, limit).map(nameIn);
      const found = await Promise.all(page.map(getListed));
      const last = members.length > limit ? page.at(-1) : undefined;
      return { items: found.flatMap((each) => (each ? [each] : [])), last };
    },
    soonest: async (limit) => {
      const found = await store.guard((redis) =>
        redis.zrange(keys.schedulesDue(), 0, limit - 1, 'WITHSCORES'),
      );
      return found.flatMap((member, index) =>
        index % 2 === 0 ? [{ ...nameIn(member), at: Number(found[index + 1]) }] : [],
      );
    },
  };
}

function writes(store: Store): Pick<ScheduleStore, 'create' | 'change' | 'remove'> {
  return {
    create: async ({ namespace, name, body, state }, wakeAt) => {
      const revision = (await store.run(
        createScript,
        [keys.schedule(namespace, name), keys.schedules(), keys.schedulesDue(), keys.scheduleRevisions()],
        [
          memberOf({ namespace, name }),
          ...texts(body),
          JSON.stringify(state),
          wakeAt ?? '',
          LIMITS.SCHEDULES,
        ],
      )) as number;
      if (revision === REFUSED) throw tooMany();
      return revision === EXISTS ? undefined : revision;
    },
    change: async (of, { revision, body, state, wakeAt }, epoch) => {
      const changed = (await store.run(
        changeScript,
        [
          keys.schedule(of.namespace, of.name),
          keys.schedulesDue(),
          keys.scheduleRevisions(),
          keys.schedulerLease(),
        ],
        [
          memberOf(of),
          revision,
          JSON.stringify(state),
          wakeAt ?? '',
          epoch ?? '',
          ...(body === undefined ? ['', ''] : texts(body)),
        ],
      )) as number;
      if (changed === REFUSED) throw new MultiswarmError('stale-epoch', 'another scheduler is in office');
      return changed === CHANGED ? undefined : changed;
    },
    remove: async (of) => {
      const scriptKeys = [keys.schedule(of.namespace, of.name), keys.schedules(), keys.schedulesDue()];
      return (await store.run(deleteScript, scriptKeys, [memberOf(of)])) === 1;
    },
  };
}

function memberOf({ namespace, name }: NamedSchedule): string {
  return `${namespace}/${name}`;
}

/** A namespace has no slash, a name may have some. */
function nameIn(member: string): NamedSchedule {
  const at = member.indexOf('/');
  return { namespace: member.slice(0, at), name: member.slice(at + 1) };
}

/** The workflow may be large, and lists do without it. */
function texts({ workflow, ...head }: ScheduleBody): [head: string, workflow: string] {
  return [JSON.stringify(head), JSON.stringify(workflow)];
}

function decoded(of: NamedSchedule, fields: readonly (string | null)[]): ListedSchedule | undefined {
  const [head, state] = fields;
  if (!head || !state) return undefined;
  // What is stored was written by us, hence the casts.
  return {
    ...of,
    body: JSON.parse(head) as ListedSchedule['body'],
    state: JSON.parse(state) as ScheduleState,
  };
}

function tooMany(): MultiswarmError {
  const message = `there are ${LIMITS.SCHEDULES} schedules already (SCHEDULES): delete one`;
  return new MultiswarmError('invalid-request', message, {
    findings: [{ pointer: '/name', code: 'too-many-schedules', message }],
  });
}

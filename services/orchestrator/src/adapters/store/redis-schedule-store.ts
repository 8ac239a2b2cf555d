import { join } from 'node:path';
import { keys, LIMITS, MultiswarmError } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { ScheduleState } from '../../domain/schedule/schedule';
import type { NamedSchedule, ScheduleBody, ScheduleStore, StoredSchedule } from '../../schedule-ports';

const lua = (name: string) => loadScript(join(__dirname, '..', '..', '..', 'lua', name));
const createScript = lua('create-schedule.lua');
const changeScript = lua('change-schedule.lua');
const deleteScript = lua('delete-schedule.lua');

const EXISTS = 0;
const CHANGED = 0;
const REFUSED = -1;

/** Schedules: a hash for each, beside the lease of the scheduler, so that one script checks its epoch where it writes. */
export function redisScheduleStore(store: Store): ScheduleStore {
  const get = async (of: NamedSchedule): Promise<StoredSchedule | undefined> => {
    const fields = await store.guard((redis) =>
      redis.hmget(keys.schedule(of.namespace, of.name), 'body', 'state', 'rev'),
    );
    return decoded(of, fields);
  };
  return {
    get,
    create: async ({ namespace, name, body, state }, wakeAt) => {
      const revision = (await store.run(
        createScript,
        [keys.schedule(namespace, name), keys.schedules(), keys.schedulesDue(), keys.scheduleRevisions()],
        [
          memberOf({ namespace, name }),
          JSON.stringify(body),
          JSON.stringify(state),
          wakeAt ?? '',
          LIMITS.SCHEDULES,
        ],
      )) as number;
      if (revision === REFUSED) throw tooMany();
      return revision === EXISTS ? undefined : revision;
    },
    list: async (namespace, after, limit) => {
      const [least, most] = namespace === undefined ? ['-', '+'] : [`[${namespace}/`, `(${namespace}0`]; // 0 follows the slash
      const from = after === undefined ? least : `(${memberOf(after)}`;
      const members = await store.guard((redis) =>
        redis.zrangebylex(keys.schedules(), from, most, 'LIMIT', 0, limit + 1),
      );
      const page = members.slice(0, limit).map(nameIn);
      const found = await Promise.all(page.map(get));
      const last = members.length > limit ? page.at(-1) : undefined;
      return { items: found.flatMap((each) => (each ? [each] : [])), last };
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
          body === undefined ? '' : JSON.stringify(body),
          JSON.stringify(state),
          wakeAt ?? '',
          epoch ?? '',
        ],
      )) as number;
      if (changed === REFUSED) throw new MultiswarmError('stale-epoch', 'another scheduler is in office');
      return changed === CHANGED ? undefined : changed;
    },
    remove: async (of) => {
      const scriptKeys = [keys.schedule(of.namespace, of.name), keys.schedules(), keys.schedulesDue()];
      return (await store.run(deleteScript, scriptKeys, [memberOf(of)])) === 1;
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

function memberOf({ namespace, name }: NamedSchedule): string {
  return `${namespace}/${name}`;
}

/** A namespace has no slash, a name may have some. */
function nameIn(member: string): NamedSchedule {
  const at = member.indexOf('/');
  return { namespace: member.slice(0, at), name: member.slice(at + 1) };
}

function decoded(of: NamedSchedule, fields: readonly (string | null)[]): StoredSchedule | undefined {
  const [body, state, revision] = fields;
  if (!body || !state || !revision) return undefined;
  // What is stored was written by us, hence the casts.
  return {
    ...of,
    revision: Number(revision),
    body: JSON.parse(body) as ScheduleBody,
    state: JSON.parse(state) as ScheduleState,
  };
}

function tooMany(): MultiswarmError {
  const message = `there are ${LIMITS.SCHEDULES} schedules already (SCHEDULES): delete one`;
  return new MultiswarmError('invalid-request', message, {
    findings: [{ pointer: '/name', code: 'too-many-schedules', message }],
  });
}

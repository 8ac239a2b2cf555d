import { readStream, streamRange, type Bus } from '@multiswarm/bus';
import { streams } from '@multiswarm/contracts';
import type { Store } from '@multiswarm/store';
import type { Accepted } from './accepted';

type Redis = Store['redis'];

/** Every kind of key that there is (`libs/contracts/src/keys.ts`), and how to read the ids in it. */
const KINDS: readonly { shape: RegExp; ids?: (redis: Redis, key: string) => Promise<string[]> }[] = [
  { shape: /^ms:meta$/ },
  { shape: /^ms:\{scheduler\}:(lease|schedules|schedules-due|schedule-revisions)$/ },
  { shape: /^ms:\{scheduler\}:schedule:.+$/ },
  { shape: /^ms:\{definitions\}:(names|versions|d:.+)$/ },
  { shape: /^ms:\{r:[\w-]+\}:(lease|cordons)$/ },
  { shape: /^ms:\{regions\}:cordoned$/ },
  { shape: /^ms:\{namespaces\}:settings$/ },
  { shape: /^ms:\{learning\}:(pairs|control|commands)$/ },
  { shape: /^ms:\{endpoints\}:(registered|revisions)$/ },
  { shape: /^ms:\{health\}:(forced|windows|revision|audit)$/ },
  { shape: /^ms:\{s\d+\}:(shard|counts|outbox)$/ },
  { shape: /^ms:\{s\d+\}:(specs|states|payloads|deadfacts)$/, ids: (redis, key) => redis.hkeys(key) },
  {
    shape: /^ms:\{s\d+\}:(tasks|workflows|waiting|ended|dead)$/,
    ids: (redis, key) => redis.zrange(key, 0, -1),
  },
  { shape: /^ms:\{s\d+\}:(active|wactive)$/, ids: (redis, key) => redis.smembers(key) },
  {
    shape: /^ms:\{s\d+\}:(w|h):.+$/,
    ids: (_, key) => Promise.resolve([key.replace(/^ms:\{s\d+\}:[wh]:/, '')]),
  },
  { shape: /^ms:\{messages\}:statuses$/, ids: (redis, key) => redis.hkeys(key) },
  { shape: /^ms:\{messages\}:times$/, ids: (redis, key) => redis.zrange(key, 0, -1) },
];

const SHOWN = 5;

/** What is in Redis or in the event stream although nothing that was accepted is about it. */
export async function strayStored(store: Store, bus: Bus, accepted: Accepted): Promise<string[]> {
  const { redis } = store;
  const keys = await redis.keys('*');
  const steps = await stepsOf(redis, keys, accepted);
  const isKnown = (id: string): boolean => accepted.has(id) || steps.has(id);
  const strays: string[] = [];
  for (const key of keys) {
    const kind = KINDS.find(({ shape }) => shape.test(key));
    if (!kind) strays.push(`a key of no kind: ${key}`);
    const ids = (await kind?.ids?.(redis, key)) ?? [];
    strays.push(
      ...ids.filter((id) => !isKnown(id)).map((id) => `${key} has ${id}, which nobody was told of`),
    );
  }
  strays.push(...(await strayEvents(bus, isKnown)));
  return strays.slice(0, SHOWN);
}

/** Tasks that belong to workflows that were accepted. */
async function stepsOf(redis: Redis, keys: readonly string[], accepted: Accepted): Promise<Set<string>> {
  const steps = new Set<string>();
  for (const key of keys) {
    const id = /^ms:\{s\d+\}:w:(.+)$/.exec(key)?.[1];
    if (id === undefined || !accepted.has(id)) continue;
    const record = Object.values(await redis.hgetall(key)).join(' ');
    for (const [task] of record.matchAll(/\bt\d{1,4}-[0-9a-z]{8,40}\b/g)) steps.add(task);
  }
  return steps;
}

/** What the fuzzer itself says on the subject of events has roots that are no ids. */
const ROOTS = /"root":"([tw]\d{1,4}-[0-9a-z]{8,40})"/g;

async function strayEvents(bus: Bus, isKnown: (id: string) => boolean): Promise<string[]> {
  const { firstSeq, lastSeq } = await streamRange(bus.connection, streams.events);
  if (lastSeq < firstSeq) return [];
  const { messages, close } = await readStream(bus.connection, streams.events, { seq: firstSeq });
  const strays: string[] = [];
  for await (const { seq, text } of messages) {
    for (const [, root = ''] of text.matchAll(ROOTS))
      if (!isKnown(root)) strays.push(`message ${seq} of ${streams.events} is about ${root.slice(0, 60)}`);
    if (seq >= lastSeq) break;
  }
  close();
  return strays;
}

import type { JsonSchema, Known as KnownTexts } from '../generate/from-schema';
import type { Known } from '../stack/system';

/** Ids that look right: of another shard, of a shard that no deployment has, and some that never were. */
const FORGED = {
  t: ['t0-00000000', 't15-zzzzzzzzzzzzzzzz', 't16-00000000', 't9999-0123456789abcdef'],
  w: ['w0-00000000', 'w15-zzzzzzzzzzzzzzzz', 'w16-00000000', 'w9999-0123456789abcdef'],
  m: ['m-00000000', 'm-zzzzzzzzzzzzzzzzzzzzzzzz'],
  payload: [`default.${'0'.repeat(64)}`, `known.${'f'.repeat(64)}`],
};

/** Texts that mean something to the system that is fuzzed, by what they look like or what their field is called. */
export function textsOf(known: Known, definition: KnownTexts['definition']): KnownTexts {
  const { tasks, workflows, payloads, swarm, namespace, region, replica } = known;
  const otherShard = tasks.map((id) =>
    id.replace(/^t(\d+)/, (_, shard: string) => `t${(Number(shard) + 1) % 16}`),
  );
  const ofTasks = [...tasks, ...otherShard, ...FORGED.t];
  const ofWorkflows = [...workflows, ...FORGED.w];
  const byPattern: readonly [prefix: string, texts: readonly string[]][] = [
    ['^t\\d', ofTasks],
    ['^w\\d', ofWorkflows],
    ['^m-', FORGED.m],
    ['^[A-Za-z0-9][A-Za-z0-9_-]*\\.[0-9a-f]', [...payloads, ...FORGED.payload]],
  ];
  const byName: Readonly<Record<string, readonly string[]>> = {
    ...{ namespace: [namespace, 'other'], from: [swarm], to: [swarm], region: [region, 'nowhere'] },
    ...{ swarmId: [swarm, 'nobody'], taskId: ofTasks, type: ['echo', 'nobody-does-this'] },
    ...{
      name: ['go', 'stay'],
      root: [...tasks, ...workflows],
      cursor: tasks,
      reportTo: ['ms.v1.shard.0.report'],
    },
    ...{ replica: [replica, 'gone'], key: ofTasks, signal: ['go'] },
  };
  return {
    definition,
    texts: ({ pattern = '' }: JsonSchema, name) => {
      const ids = byPattern.find(([prefix]) => pattern.startsWith(prefix))?.[1];
      if (ids) return ids;
      // Tokens and names of swarms in a path are called `id`.
      return name === 'id' && pattern !== '' ? [swarm, 'nobody'] : (byName[name] ?? []);
    },
  };
}

import { join } from 'node:path';
import { keys, LearningCommand, LIMITS } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { LearningControl, LearningStore } from '../../ports';
import { decodePair, encodeEvidence, fieldOf, PAIRS_AT_ONCE } from './learned-codec';

const directory = join(__dirname, '..', '..', '..', 'lua');
const saveScript = loadScript(join(directory, 'save-learned.lua'));
const commandScript = loadScript(join(directory, 'command-learning.lua'));

/** What was learned: a hash by type and class, the control of all replicas, and the commands that were given. */
export function redisLearningStore(store: Store): LearningStore {
  return {
    control: () => readControl(store),
    load: async () => {
      const stored = await store.guard((redis) => redis.hgetall(keys.learned()));
      return Object.entries(stored).flatMap(([field, text]) => decodePair(field, text) ?? []);
    },
    save: async (revision, pairs, gone) => {
      for (let at = 0; at === 0 || at < pairs.length; at += PAIRS_AT_ONCE) {
        const part = pairs.slice(at, at + PAIRS_AT_ONCE);
        const names = at === 0 ? gone.map(fieldOf) : [];
        const args = [revision, LIMITS.LEARNED_PAIRS, names.length, ...names];
        for (const { state, ...name } of part) args.push(fieldOf(name), state.seen, encodeEvidence(state));
        const answer = await store.run(saveScript, [keys.learned(), keys.learningControl()], args);
        if (answer === 'behind') return 'behind';
      }
      return 'saved';
    },
    command: async ({ kind, ...command }) => {
      const { type = '', swarmClass = '' } = command;
      const text = JSON.stringify({ kind, ...command }).slice(1, -1);
      const args = [kind, text, type, swarmClass, LIMITS.LEARNING_COMMANDS];
      const all = [keys.learningControl(), keys.learned(), keys.learningCommands()];
      return (await store.run(commandScript, all, args)) as number;
    },
  };
}

/** In one transaction: the commands are those up to the revision. */
async function readControl(store: Store): Promise<LearningControl> {
  const results = await store.guard((redis) =>
    redis.multi().hgetall(keys.learningControl()).lrange(keys.learningCommands(), 0, -1).exec(),
  );
  const [control, commands] = (results ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  }) as [Record<string, string>, string[]]; // what Redis answers to these two
  const { revision = '0', frozenAtMs, pausedMs = '0' } = control;
  return {
    revision: Number(revision),
    frozenAtMs: frozenAtMs === undefined ? undefined : Number(frozenAtMs),
    pausedMs: Number(pausedMs),
    commands: commands.flatMap((text) => decodeCommand(text) ?? []),
  };
}

function decodeCommand(text: string): LearningCommand | undefined {
  const { atMs, ...command } = JSON.parse(text) as { atMs: number };
  return LearningCommand.safeParse({ ...command, at: new Date(atMs).toISOString() }).data;
}

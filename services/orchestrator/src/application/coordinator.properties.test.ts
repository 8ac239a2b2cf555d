import { MultiswarmError, type AttemptDispatch } from '@multiswarm/contracts';
import fc from 'fast-check';
import { heartbeat } from '../../test/support/builders';
import { first, RegionBench, request } from '../../test/support/region';
import { turns } from '../../test/support/turns';

const SWARMS = ['a', 'b', 'c'] as const;
const TASKS = ['t0-00000001', 't0-00000002'] as const;

/** What a process makes of a message, and whether its answer arrives. */
type Mood = 'accepts' | 'refuses' | 'accepts and is not heard' | 'refuses and is not heard' | 'is not there';

const mood = fc.constantFrom<Mood>(
  'accepts',
  'refuses',
  'accepts and is not heard',
  'refuses and is not heard',
  'is not there',
);

type Step =
  | { kind: 'mood'; swarmId: string; mood: Mood }
  | { kind: 'dispatch'; taskId: string; attempt: number; isFirst: boolean }
  | { kind: 'restart'; swarmId: string }
  | { kind: 'takeover' };

const swarmId = fc.constantFrom(...SWARMS);
const dispatch = fc.record({
  kind: fc.constant('dispatch' as const),
  taskId: fc.constantFrom(...TASKS),
  attempt: fc.integer({ min: 1, max: 2 }),
  isFirst: fc.boolean(),
});
const setMood = fc.record({ kind: fc.constant('mood' as const), swarmId, mood });
const restart = fc.record({ kind: fc.constant('restart' as const), swarmId });
const takeover = fc.record({ kind: fc.constant('takeover' as const) });

/** Swarms as they are: each process says the same of one number for ever. */
class Fleet {
  readonly begun = new Map<string, Set<string>>();
  private readonly said = new Map<string, boolean>();
  private readonly moods = new Map<string, Mood>();
  private readonly instances = new Map<string, number>(SWARMS.map((each) => [each, 1]));

  become(swarm: string, is: Mood): void {
    this.moods.set(swarm, is);
  }

  restart(swarm: string): void {
    this.instances.set(swarm, (this.instances.get(swarm) ?? 0) + 1);
  }

  beat(swarm: string): ReturnType<typeof heartbeat> {
    const instance = this.instances.get(swarm) ?? 0;
    return heartbeat({ swarmId: swarm, instance: `${swarm}${instance}`, sentAt: instance });
  }

  answer(swarm: string, key: string): 'accepted' | 'refused' | Error {
    const is = this.moods.get(swarm) ?? 'accepts';
    if (is === 'is not there') return new MultiswarmError('swarm-not-found', 'nobody listens');
    const process = `${swarm}${this.instances.get(swarm) ?? 0}`;
    const accepts = this.said.get(`${process} ${key}`) ?? is.startsWith('accepts');
    this.said.set(`${process} ${key}`, accepts);
    if (accepts) this.begun.set(key, (this.begun.get(key) ?? new Set()).add(process));
    if (is.endsWith('heard')) return new MultiswarmError('timeout', 'no answer');
    return accepts ? 'accepted' : 'refused';
  }
}

function bench(fleet: Fleet, epoch: number): RegionBench {
  const region = new RegionBench({ epoch });
  region.placer.others = [...SWARMS];
  region.swarms.dispatch = async (swarm, { attempts }) => {
    await Promise.resolve();
    return attempts.map(({ taskId, attempt }) => {
      const outcome = fleet.answer(swarm, `${taskId}#${attempt}`);
      if (outcome instanceof Error) throw outcome;
      return { taskId, attempt, outcome };
    });
  };
  for (const swarm of SWARMS) region.coordinator.observe(fleet.beat(swarm));
  return region;
}

/** @returns the numbers that more than one process has begun */
async function play(steps: readonly Step[]): Promise<string[]> {
  const fleet = new Fleet();
  let epoch = 1;
  let region = bench(fleet, epoch);
  /** What an owner sends of one number is always the same, but for what says that it is the first time. */
  const sent = new Map<string, AttemptDispatch>();
  const firstTo = new Map<string, number>();
  for (const step of steps) {
    switch (step.kind) {
      case 'mood':
        fleet.become(step.swarmId, step.mood);
        break;
      case 'restart':
        fleet.restart(step.swarmId);
        region.coordinator.observe(fleet.beat(step.swarmId));
        break;
      case 'takeover':
        region.coordinator.stop();
        region = bench(fleet, (epoch += 1));
        break;
      case 'dispatch': {
        const key = `${step.taskId}#${step.attempt}`;
        const isFirst = step.isFirst || !sent.has(key);
        if (!sent.has(key)) firstTo.set(key, epoch);
        const attempt = sent.get(key) ?? first(step.taskId, step.attempt);
        sent.set(key, attempt);
        const { requirements: _first, ...again } = attempt;
        const body = request(isFirst ? attempt : again);
        await region.coordinator.dispatch({ ...body, regionEpoch: firstTo.get(key) });
        break;
      }
    }
  }
  await turns(1);
  region.coordinator.stop();
  return [...fleet.begun].filter(([, processes]) => processes.size > 1).map(([key]) => key);
}

test.each([
  ['swarms refuse, fall silent and restart', fc.oneof(dispatch, dispatch, setMood, restart)],
  [
    'swarms refuse and fall silent, and coordinators take over',
    fc.oneof(dispatch, dispatch, setMood, takeover),
  ],
])('D1 to D3: whatever %s, no number is begun by two processes', async (_name, step) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps: Step[]) => {
      expect(await play(steps)).toEqual([]);
    }),
    { numRuns: 400 },
  );
});

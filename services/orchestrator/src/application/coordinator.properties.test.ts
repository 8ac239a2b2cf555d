import {
  MultiswarmError,
  type DispatchOutcome,
  type DispatchRequest,
  type Heartbeat,
} from '@multiswarm/contracts';
import fc from 'fast-check';
import { heartbeat } from '../../test/support/builders';
import { first, RegionBench, request } from '../../test/support/region';

const SWARMS = ['a', 'b', 'c'] as const;
const TASKS = ['t0-00000001', 't0-00000002'] as const;

/** What a process makes of a message, and whether its answer arrives. */
const MOODS = [
  'accepts',
  'refuses',
  'accepts and is not heard',
  'refuses and is not heard',
  'is not there',
] as const;
type Mood = (typeof MOODS)[number];
const ACCEPTED = 'accepted';

type Step =
  | { kind: 'mood'; swarmId: string; mood: Mood }
  | { kind: 'dispatch'; taskId: string; attempt: number; again: boolean; knowsRegion: boolean }
  | { kind: 'restart'; swarmId: string; isHeard: boolean }
  | { kind: 'takeover' };

const swarmId = fc.constantFrom(...SWARMS);
const dispatch = fc.record({
  kind: fc.constant('dispatch' as const),
  taskId: fc.constantFrom(...TASKS),
  attempt: fc.integer({ min: 1, max: 2 }),
  again: fc.boolean(),
  knowsRegion: fc.boolean(),
});
const mood = fc.record({ kind: fc.constant('mood' as const), swarmId, mood: fc.constantFrom(...MOODS) });
const restart = fc.record({ kind: fc.constant('restart' as const), swarmId, isHeard: fc.boolean() });
const takeover = fc.record({ kind: fc.constant('takeover' as const) });

/** Swarms as they are: each process says the same of one number for ever, with the same reason. */
class Fleet {
  readonly begun = new Map<string, Set<string>>();
  private readonly said = new Map<string, string>();
  private readonly moods = new Map<string, Mood>();
  private readonly starts = new Map<string, number>(SWARMS.map((each) => [each, 1]));

  become(swarm: string, is: Mood): void {
    this.moods.set(swarm, is);
  }

  restart(swarm: string): void {
    this.starts.set(swarm, this.starts.get(swarm)! + 1);
  }

  instance(swarm: string): string {
    return `${swarm}${this.starts.get(swarm) ?? 0}`;
  }

  beat(swarm: string): Heartbeat {
    return heartbeat({ swarmId: swarm, instance: this.instance(swarm), sentAt: this.starts.get(swarm) ?? 0 });
  }

  dispatch(swarm: string, { attempts, instance }: DispatchRequest): DispatchOutcome[] {
    const is = this.moods.get(swarm) ?? 'accepts';
    if (is === 'is not there') throw new MultiswarmError('swarm-not-found', 'nobody listens');
    const outcomes = attempts.map(({ taskId, attempt, again }): DispatchOutcome => {
      const key = `${taskId}#${attempt}`;
      const said = this.said.get(`${this.instance(swarm)} ${key}`);
      const unless = instance !== this.instance(swarm) ? 'other-process' : again ? 'not-received' : undefined;
      const says = said ?? unless ?? (is.startsWith('accepts') ? ACCEPTED : 'full');
      this.said.set(`${this.instance(swarm)} ${key}`, says);
      if (says !== ACCEPTED) return { taskId, attempt, outcome: 'refused', reason: says };
      this.begun.set(key, (this.begun.get(key) ?? new Set()).add(this.instance(swarm)));
      return { taskId, attempt, outcome: 'accepted' };
    });
    if (is.endsWith('heard')) throw new MultiswarmError('timeout', 'no answer');
    return outcomes;
  }
}

function regionOf(fleet: Fleet, epoch: number): RegionBench {
  const region = new RegionBench({ epoch });
  region.placer.others = [...SWARMS];
  region.swarms.dispatch = async (swarm, message) => {
    await Promise.resolve();
    return fleet.dispatch(swarm, message);
  };
  for (const swarm of SWARMS) region.coordinator.observe(fleet.beat(swarm));
  return region;
}

/** An owner: it sends a number for the first time once; then the same bytes again, or says that it was sent before. */
class Sender {
  private readonly sent = new Map<string, { to: number | undefined }>();

  message({ taskId, attempt, again, knowsRegion }: Extract<Step, { kind: 'dispatch' }>, epoch: number) {
    const key = `${taskId}#${attempt}`;
    const before = this.sent.get(key);
    const to = before ? before.to : knowsRegion ? epoch : undefined;
    this.sent.set(key, { to });
    const isAgain = before !== undefined && (again || to === undefined);
    const { regionEpoch: _one, ...message } = request(first(taskId, attempt, isAgain ? { again: true } : {}));
    return to === undefined ? message : { ...message, regionEpoch: to };
  }
}

async function play(steps: readonly Step[]): Promise<Fleet> {
  const fleet = new Fleet();
  const sender = new Sender();
  let epoch = 1;
  let region = regionOf(fleet, epoch);
  for (const step of steps) {
    switch (step.kind) {
      case 'mood':
        fleet.become(step.swarmId, step.mood);
        break;
      case 'restart':
        fleet.restart(step.swarmId);
        if (step.isHeard) region.coordinator.observe(fleet.beat(step.swarmId));
        break;
      case 'takeover':
        region.coordinator.stop();
        region = regionOf(fleet, (epoch += 1));
        break;
      case 'dispatch':
        await region.coordinator.dispatch(sender.message(step, epoch));
    }
  }
  region.coordinator.stop();
  return fleet;
}

test('D1 to D3: whatever swarms refuse, whoever falls silent, restarts and takes over, no number is begun by two processes', async () => {
  const step: fc.Arbitrary<Step> = fc.oneof(dispatch, dispatch, dispatch, mood, restart, takeover);
  let begun = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
      const fleet = await play(steps);
      const twice = [...fleet.begun].filter(([, processes]) => processes.size > 1);
      begun += fleet.begun.size;
      expect(twice).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
  expect(begun).toBeGreaterThan(500);
});

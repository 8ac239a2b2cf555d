import pico from 'picocolors';
import type { Explanation } from '@multiswarm/contracts';
import { explanationView } from './explanation';

const T0 = Date.parse('2024-06-01T12:00:00.000Z');
const at = (seconds: number): string => new Date(T0 + seconds * 1_000).toISOString();

function told(given: Partial<Explanation> = {}): Explanation {
  return {
    ...{ id: 't3-00000001', type: 'deploy', namespace: 'shop', priority: 'normal', state: 'queued' },
    ...{ stateSince: at(-72), explainedAt: at(0), cost: 0, traceId: 'f', next: [], attempts: [] },
    requirements: {},
    why: {
      reason: 'no-slot',
      since: at(-72),
      detail: '1 swarm could run it and has not a free slot now',
      unmet: [],
    },
    tries: { attempts: 0, failures: 0, maxAttempts: 3, losses: 0, lossesAllowed: 5, refusals: 0 },
    ...given,
  };
}

function text(given: Partial<Explanation>): string {
  const context = { color: pico.createColors(false), now: T0 + 86_400_000 };
  return explanationView.detail?.(told(given), context) ?? '';
}

const line = {
  before: 2,
  isLeast: false,
  ofClass: 5,
  otherTasks: 1,
  otherClasses: 1,
  band: 'normal' as const,
};

test('the reason comes first, times are relative to the answer and absolute', () => {
  const lines = text({}).split('\n');
  expect(lines[0]).toBe('t3-00000001  queued for 1m 12s');
  expect(lines[1]).toBe('  deploy, priority normal, namespace shop');
  expect(lines[3]).toMatch(/^ {2}why +1 swarm could run it and has not a free slot now$/);
  expect(lines[4]).toMatch(/^ {2}since +1m 12s ago \(2024-06-01 11:58:48Z\)$/);
});

test('a limit says how far it is used, and who holds it', () => {
  const limit = {
    key: 'api',
    concurrency: 2,
    isUsedUp: true,
    isCounted: true,
    running: 3,
    heldBy: ['t1', 't2'],
  };
  const why = { ...told().why, reason: 'limit' as const, limits: [limit] };
  expect(text({ why })).toMatch(/limit api +3 of 2 at the same time, used up; held by t1, t2, …\n/);
});

test('the place in line comes with the likely start and what that was computed from', () => {
  const pace = { starts: 4, inMs: 8_000 };
  expect(text({ line, likelyStart: { at: at(6), pace } })).toMatch(
    /in line +2 before it, of 5 of its class; 1 task of 1 other class waits too\n +likely start +in 6\.0 s \(2024-06-01 12:00:06Z\), as 4 of its class started in 8\.0 s\n/,
  );
  expect(text({ line })).toMatch(
    /likely start +not known: none of its class has started since others wait\n/,
  );
});

test('where nobody can run it, the nearest swarms are named with what they lack', () => {
  const nearest = [
    { swarmId: 'eu-1', region: 'eu', state: 'ready' as const, lacks: ['capability "gpu"'] },
    { swarmId: 'eu-2', region: 'eu', state: 'cordoned' as const, lacks: [] },
  ];
  const capacity = {
    known: 2,
    feasible: 0,
    slots: 0,
    busySlots: 0,
    withRoom: 0,
    swarms: [],
    nearest,
    regions: [],
  };
  const shown = text({ line, why: { ...told().why, reason: 'no-swarm', capacity } });
  expect(shown).toMatch(
    /nearest +eu-1 \(eu\) lacks capability "gpu"\n +eu-2 \(eu\) has all of it, but is cordoned\n/,
  );
  expect(shown).not.toMatch(/likely start/);
});

test('what comes next is in columns, and what was tried begins with the last', () => {
  const attempt = { swarmId: 'eu-1', region: 'eu', costPerSlotHour: 1, assignedAt: T0 - 60_000 };
  const shown = text({
    next: [
      { kind: 'retry', at: at(30), detail: 'it goes into the queue' },
      { kind: 'deadline', at: at(600), detail: 'it expires' },
    ],
    tries: { ...told().tries, attempts: 2, failures: 1, losses: 1 },
    attempts: [
      { ...attempt, attempt: 1, outcome: 'lost' },
      { ...attempt, attempt: 2, outcome: 'failed', error: { code: 'x', message: 'no', retryable: true } },
    ],
  });
  expect(shown).toMatch(/next\n +in 30\.0 s +2024-06-01 12:00:30Z +it goes into the queue\n +in 10m 00s /);
  expect(shown).toMatch(
    /tried twice: 1 of at most 3 failed, 1 lost\n +#2 failed on eu-1 \(eu\), 1m 00s ago\n +error: no \(x\)\n +#1 lost/,
  );
});

test('in a window long values are broken under each other', () => {
  const context = { color: pico.createColors(false), now: T0, width: 60 };
  const why = { ...told().why, detail: 'limit "api" allows 2 at the same time, and 2 are placed or running' };
  expect(explanationView.detail?.(told({ why }), context)).toMatch(
    /\n {2}why {4}limit "api" allows 2 at the same time, and 2 are\n {9}placed or running\n {2}since /,
  );
});

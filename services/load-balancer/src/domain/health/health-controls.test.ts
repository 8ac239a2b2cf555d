import type { Forced, MaintenanceWindow } from '@multiswarm/contracts';
import { HealthControls } from './health-controls';

const T0 = Date.parse('2030-01-01T00:00:00Z');
const at = (ms: number): string => new Date(T0 + ms).toISOString();
const swarm = { swarmId: 'a', region: 'eu-west', labels: {} };

function force(given: Partial<Forced> = {}): Forced {
  return { swarmId: 'a', to: 'open', why: 'disk', requestedBy: 'ann', at: at(0), ...given };
}

function window(id: string, fromMs: number, untilMs: number): MaintenanceWindow {
  const times = { from: at(fromMs), until: at(untilMs), at: at(0) };
  return { id, for: { regions: ['eu-*'] }, why: `work ${id}`, requestedBy: 'ann', ...times };
}

test('C1: what has run out has no effect, also where nobody has looked since', () => {
  const controls = new HealthControls();
  controls.replace([force({ until: at(1_000) }), force({ swarmId: 'b' })], []);
  expect(controls.forceOf('a', T0 + 999)).toEqual({ to: 'open', by: 'ann', why: 'disk' });
  expect(controls.forceOf('a', T0 + 1_000)).toBeUndefined();
  expect(controls.tick(T0 + 1_000).ranOut).toMatchObject([{ swarmId: 'a' }]);
  expect(controls.tick(T0 + 1_000).ranOut).toEqual([]);
  expect(controls.forceOf('b', T0 + 1e12)).toBeDefined();
});

test('C2: each phase of a window is told once', () => {
  const controls = new HealthControls();
  controls.replace([], [window('w', 600_000, 700_000)]);
  const phases = (ms: number) => controls.tick(T0 + ms).windows.map(({ phase }) => phase);
  expect([0, 300_000, 300_001, 600_000, 600_001, 700_000, 700_001].map(phases)).toEqual([
    [],
    ['announced'],
    [],
    ['active'],
    [],
    ['over'],
    [],
  ]);
});

test('a swarm is in maintenance while a window for it is active, and says until when and why', () => {
  const controls = new HealthControls();
  controls.replace([], [window('w', 0, 1_000), window('v', 5_000, 6_000)]);
  controls.tick(T0);
  expect(controls.maintenanceOf(swarm, T0)).toBe(`in maintenance until ${at(1_000)}: work w`);
  expect(controls.maintenanceOf({ ...swarm, region: 'us' }, T0)).toBeUndefined();
  expect(controls.windowOf(swarm, T0)?.window.id).toBe('w');
  controls.tick(T0 + 1_000);
  expect(controls.maintenanceOf(swarm, T0 + 1_000)).toBeUndefined();
  expect(controls.windowOf(swarm, T0 + 1_000)?.window.id).toBe('v');
  expect(controls.windowOf(swarm, T0 + 7_000)).toBeUndefined();
});

test('a window that is taken away ends at once, and one that stays is not told again', () => {
  const controls = new HealthControls();
  controls.replace([], [window('w', 0, 1_000), window('v', 0, 1_000)]);
  controls.tick(T0);
  controls.replace([], [window('v', 0, 1_000)]);
  expect(controls.maintenanceOf(swarm, T0)).toContain('work v');
  expect(controls.tick(T0).windows).toEqual([]);
  controls.replace([], []);
  expect(controls.maintenanceOf(swarm, T0)).toBeUndefined();
});

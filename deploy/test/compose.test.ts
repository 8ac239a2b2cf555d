import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bytes, compose, durationMs, isOurs } from './compose';
import { effective, stages } from './dockerfile';
import { defaultOf, ROOT } from './files';
import { run } from './run';

const LINTER = join(require.resolve('dclint/package.json'), '../bin/dclint.cjs');
const LINT = [
  '--config',
  'deploy/dclint.yaml',
  '--max-warnings',
  '0',
  '--formatter',
  'compact',
  'docker-compose.yml',
];
const SERVICES = readdirSync(join(ROOT, 'services'));
const all = Object.entries(compose.services);
const ours = all.filter(([, service]) => isOurs(service));

describe('the compose file', () => {
  it('passes the linter without an error or a warning', async () => {
    const { stdout, stderr, code } = await run(process.execPath, [LINTER, ...LINT]);
    expect((stdout + stderr).trim()).toBe('');
    expect(code).toBe(0);
  });

  it('runs every service of the repository, and NATS and Redis', () => {
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining([...SERVICES, 'nats', 'redis']));
  });

  it.each(all)(
    'locks %s down: no capabilities, no new rights, a read-only root, limits, bounded logs',
    (_name, service) => {
      expect(service).toMatchObject({
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        read_only: true,
        tmpfs: ['/tmp'],
        mem_limit: expect.any(String),
        cpus: expect.any(Number),
        pids_limit: expect.any(Number),
        logging: { options: { 'max-size': '10m', 'max-file': '3' } },
      });
    },
  );

  it.each(all)(
    'publishes the ports of %s on the loopback only, unless PUBLISH_ADDRESS says otherwise',
    (_name, service) => {
      for (const port of service.ports ?? []) expect(port).toMatch(/^\$\{PUBLISH_ADDRESS:-127\.0\.0\.1\}:/);
    },
  );

  it.each(ours)(
    'builds %s from a target of the Dockerfile, under a name that Kubernetes uses too',
    (_name, service) => {
      expect(stages().map(({ name }) => name)).toContain(service.build?.target);
      expect(service.image).toMatch(new RegExp(`^multiswarm/${service.build?.target}:`));
    },
  );

  it.each(SERVICES)('publishes %s on the port that its image exposes', (name) => {
    const exposed = effective(name, 'EXPOSE');
    expect(compose.services[name]?.ports?.map((port) => defaultOf(port))).toEqual([
      `127.0.0.1:${exposed}:${exposed}`,
    ]);
  });

  it.each(SERVICES)('starts %s only after NATS and Redis are healthy', (name) => {
    expect(compose.services[name]?.depends_on).toEqual({
      nats: { condition: 'service_healthy' },
      redis: { condition: 'service_healthy' },
    });
    expect(compose.services['nats']?.healthcheck && compose.services['redis']?.healthcheck).toBeTruthy();
  });

  it.each(SERVICES)('gives %s longer to stop than it may take to finish its work', (name) => {
    const service = compose.services[name];
    const graceMs = Number(defaultOf(service?.environment?.['SHUTDOWN_GRACE_MS'] ?? ''));
    expect(graceMs).toBeGreaterThan(0);
    expect(durationMs(service?.stop_grace_period ?? '')).toBeGreaterThan(graceMs);
  });

  it('lets only the services reach Redis', () => {
    const reach = all.filter(([, { networks }]) => networks?.includes('store')).map(([name]) => name);
    expect(reach.sort()).toEqual([...SERVICES, 'redis'].sort());
    expect(compose.networks['store']?.internal).toBe(true);
    expect(compose.services['redis']?.ports).toBeUndefined();
  });

  it('leaves Redis as much memory again as its data may take, for the rewrite of the append-only file', () => {
    const redis = compose.services['redis'];
    const command = redis?.['command'] as string[]; // the linter has checked its form
    const maxMemory = command[command.indexOf('--maxmemory') + 1] ?? '';
    expect(bytes(redis?.mem_limit ?? '')).toBeGreaterThanOrEqual(2 * bytes(maxMemory));
  });

  it('mounts only files that exist', () => {
    const sources = all
      .flatMap(([, { volumes }]) => volumes ?? [])
      .filter((volume) => volume.startsWith('./'));
    expect(
      sources.map((volume) => volume.split(':')[0] ?? '').filter((path) => !existsSync(join(ROOT, path))),
    ).toEqual([]);
    expect(sources).not.toEqual([]);
  });
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bytes, compose, durationMs, isOurs, optionOf } from './compose';
import { effective, stages } from './dockerfile';
import { defaultOf, readYaml, REDIS_CLIENTS, ROOT, SERVICES } from './files';
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
const all = Object.entries(compose.services);
const ours = all.filter(([, service]) => isOurs(service));
const swarms = all.filter(([, { profiles }]) => profiles?.includes('demo'));
/** From the end of --drain: what is aborted has 5 s and a moment to end, and its report 5 s to arrive. */
const AFTER_DRAIN_MS = 11_000;

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

  it.each(SERVICES)('starts %s only after what it needs is healthy', (name) => {
    const servers = REDIS_CLIENTS.includes(name) ? ['nats', 'redis'] : ['nats'];
    expect(compose.services[name]?.depends_on).toEqual(
      Object.fromEntries(servers.map((server) => [server, { condition: 'service_healthy' }])),
    );
    for (const server of servers) expect(compose.services[server]?.healthcheck).toBeDefined();
  });

  it.each(SERVICES)('gives %s longer to stop than it may take to finish its work', (name) => {
    const service = compose.services[name];
    const graceMs = Number(defaultOf(service?.environment?.['SHUTDOWN_GRACE_MS'] ?? ''));
    expect(graceMs).toBeGreaterThan(0);
    expect(durationMs(service?.stop_grace_period ?? '')).toBeGreaterThan(graceMs);
  });

  it('lets only those reach Redis who keep something in it, and tells only them where it is', () => {
    const reach = all.filter(([, { networks }]) => networks?.includes('store')).map(([name]) => name);
    const told = all.filter(([, { environment }]) => environment?.['REDIS_URL']).map(([name]) => name);
    expect(reach.sort()).toEqual([...REDIS_CLIENTS, 'redis'].sort());
    expect(told.sort()).toEqual(REDIS_CLIENTS);
    expect(compose.networks['store']?.internal).toBe(true);
    expect(compose.services['redis']?.ports).toBeUndefined();
  });

  it('runs in the profile demo the swarms of every region of the fleet', () => {
    const fleet = readYaml('examples/delivery/fleet.yaml') as { swarms: { region: string }[] }; // the tests of the example check its form
    const regions = [...new Set(fleet.swarms.map(({ region }) => region))];
    expect(swarms.map(([, service]) => optionOf(service, '--region')).sort()).toEqual(regions.sort());
    for (const [, service] of swarms) expect(optionOf(service, 'run')).toBe('examples/delivery/fleet.yaml');
  });

  it.each(swarms)(
    'gives %s longer to stop than its attempts may take to end and be reported',
    (_name, service) => {
      expect(durationMs(service.stop_grace_period)).toBeGreaterThan(
        durationMs(optionOf(service, '--drain')) + AFTER_DRAIN_MS,
      );
    },
  );

  it('leaves Redis as much memory again as its data may take, for the rewrite of the append-only file', () => {
    const { redis } = compose.services;
    const maxMemory = redis ? optionOf(redis, '--maxmemory') : '';
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

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PORT_SETTING, type ServiceName } from '@multiswarm/service';
import { effective, stages } from './dockerfile';
import { read, SERVICES } from './files';
import { run } from './run';

interface Issue {
  line: string;
  content: string;
  title: string;
}

const LINTER = require.resolve('dockerfilelint/bin/dockerfilelint');
const IMAGES = [...SERVICES, 'cli', 'demo'];

/** Issues of a Dockerfile, without those that mistake an earlier stage for an image without a tag. */
async function lint(dockerfile: string): Promise<Issue[]> {
  const { stdout } = await run(process.execPath, [LINTER, '--json', dockerfile]);
  // The linter's own format; an unexpected one fails the destructuring.
  const { files } = JSON.parse(stdout) as { files: { issues: Issue[] }[] };
  const names = stages().map(({ name }) => name);
  return files
    .flatMap(({ issues }) => issues)
    .filter(
      ({ title, content }) =>
        !(title === 'Base Image Missing Tag' && names.includes(content.split(' ')[1] ?? '')),
    );
}

describe('the Dockerfile', () => {
  it('passes the linter', async () => {
    expect(await lint('Dockerfile')).toEqual([]);
  });

  it('would not pass it with an image without a tag', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'dockerfile-'));
    try {
      await writeFile(join(dir, 'Dockerfile'), read('Dockerfile').replace('node:${NODE_VERSION}', 'node'));
      const issues = await lint(join(dir, 'Dockerfile'));
      expect(issues.map(({ title }) => title)).toEqual(['Base Image Missing Tag']);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it.each(IMAGES)('has a target for %s that runs without root rights under an init', (image) => {
    expect(stages().map(({ name }) => name)).toContain(image);
    expect(effective(image, 'USER')).toBe('node');
    expect(effective(image, 'ENTRYPOINT')).toMatch(/^\["\/usr\/bin\/tini", "--"/);
  });

  it.each(SERVICES)('gives %s a health check and exposes the port that it listens on', (service) => {
    const port = effective(service, 'ENV')?.split('=');
    expect(port).toEqual([PORT_SETTING[service as ServiceName], effective(service, 'EXPOSE')]); // a folder of services/ is a service
    expect(effective(service, 'HEALTHCHECK')).toContain(
      `"/usr/local/lib/multiswarm/healthcheck.cjs", "${port?.[0]}"]`,
    );
  });

  it.each(SERVICES)('starts %s as its package does', (service) => {
    const { scripts } = JSON.parse(read(`services/${service}/package.json`)) as {
      scripts: { start: string };
    };
    expect(JSON.parse(effective(service, 'CMD') ?? '')).toEqual(scripts.start.split(' '));
  });

  it('needs no frontend from the network and copies no file that the build context leaves out', () => {
    expect(read('Dockerfile')).not.toMatch(/^#\s*syntax=/m);
    const kept = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = stages()
      .flatMap(({ instructions }) => instructions)
      .filter(({ name, args }) => name === 'COPY' && !args.includes('--from='))
      .flatMap(({ args }) => args.split(' ').slice(0, -1))
      .filter((source) => source !== '.');
    expect(copied).toEqual(copied.filter((source) => kept.includes(source)));
    expect(copied).not.toEqual([]);
  });
});

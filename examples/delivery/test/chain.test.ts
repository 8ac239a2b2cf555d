import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { SwarmProfile, type Step } from '@multiswarm/contracts';
import { validateWorkflow } from '@multiswarm/workflow';
import { applyPatch, parsePatch } from 'diff';
import { list } from 'tar';
import { parse } from 'yaml';
import { DELIVERY, agent, outputOf, runAgent, temporaryDirectory } from './run-agent';

interface FleetSwarm {
  id: string;
  exec: string;
  types: string[];
  attributes: Record<string, unknown>;
}

const readYaml = (name: string): unknown => parse(readFileSync(path.join(DELIVERY, name), 'utf8'));
const fleet = (readYaml('fleet.yaml') as { swarms: FleetSwarm[] }).swarms;

/** Numbers: at least; otherwise equal to, or one of, what the swarm declares. */
function canRun(swarm: FleetSwarm, step: Step): boolean {
  const attributes = Object.entries(step.requirements.attributes ?? {});
  return (
    swarm.types.includes(step.type) &&
    attributes.every(([name, wanted]) => {
      const offered = [swarm.attributes[name]].flat();
      return offered.some((value) =>
        typeof wanted === 'number' ? Number(value) >= wanted : value === wanted,
      );
    })
  );
}

function readWorkflow(): { steps: Step[]; dependencies: Record<string, string[]> } {
  const validation = validateWorkflow(readYaml('workflow.yaml'));
  if (!validation.ok) throw new Error(JSON.stringify(validation.findings));
  return { steps: validation.workflow.tasks, dependencies: validation.workflow.dependencies };
}

const here = temporaryDirectory();
const scratch = path.join(here.path, 'scratch');
const releases = path.join(here.path, 'releases');
const env = { TMPDIR: scratch, MULTISWARM_WORKFLOW_ID: 'w0-chaintest' };
/* eslint-disable @typescript-eslint/no-explicit-any -- outputs are JSON; the assertions are what checks them */
const outputs: Record<string, any> = {};

/** The steps of the workflow file, each by a swarm of the fleet that fulfils its requirements. */
beforeAll(async () => {
  mkdirSync(scratch);
  const { steps, dependencies } = readWorkflow();
  for (const step of steps) {
    const needed = dependencies[step.id] ?? [];
    const upstream = Object.fromEntries(needed.map((id) => [id, outputs[id]]));
    const own = step.id === 'deploy_solution' ? { outDir: releases } : step.input;
    const swarm = fleet.find((candidate) => canRun(candidate, step));
    outputs[step.id] = await outputOf(swarm!.exec, { ...(own as object), upstream }, { env });
  }
}, 60_000);
afterAll(() => here.remove());

test('every swarm of the fleet has a valid profile, and three regions offer a choice', () => {
  for (const { id, exec, ...profile } of fleet) {
    expect(SwarmProfile.safeParse({ swarmId: id, ...profile })).toMatchObject({ success: true });
    expect(existsSync(path.join(DELIVERY, '../..', exec.split(' ')[1]!))).toBe(true);
  }
  expect(new Set(fleet.map((swarm) => (swarm as unknown as { region: string }).region)).size).toBe(3);
});

test('testing and building can run on more than one swarm, the other steps on exactly one', () => {
  const { steps } = readWorkflow();
  const choices = steps.map((step) => [step.id, fleet.filter((swarm) => canRun(swarm, step)).length]);
  expect(choices).toEqual([
    ['analyze_requirements', 1],
    ['design_architecture', 1],
    ['implement_solution', 2],
    ['test_solution', 2],
    ['deploy_solution', 1],
  ]);
});

test('each output fits the limit of a step', () => {
  for (const output of Object.values(outputs)) {
    expect(Buffer.byteLength(JSON.stringify(output))).toBeLessThan(256 * 1024);
  }
});

test('the analysis finds every use with its place, shape and the tests that execute it', () => {
  const { uses, baseline } = outputs['analyze_requirements'];
  const source = readFileSync(path.join(DELIVERY, 'project/src/store.js'), 'utf8').split('\n');
  const found = uses.find((use: any) => use.form === 'promisified');
  expect(found).toMatchObject({ api: 'fs.exists', file: 'src/store.js', via: 'namespace' });
  expect(source[found.line - 1]!.slice(found.column - 1)).toMatch(/^util\.promisify\(fs\.exists\)/);
  expect(found.coveredBy).toContain('test/store-test.js');
  expect(uses.find((use: any) => use.file === 'src/table.js' && use.form === 'reference').api).toBe(
    'util.isArray',
  );
  expect(uses.every((use: any) => use.coveredBy.length > 0)).toBe(true);
  expect(baseline.run.total).toBe(baseline.run.tests.length);
  expect(Object.keys(baseline.surface)).toHaveLength(15);
});

test('the design note counts what the plan and the analysis hold', () => {
  const { note, plan } = outputs['design_architecture'];
  const { uses, baseline } = outputs['analyze_requirements'];
  expect(note).toContain(`${uses.length} places of`);
  expect(note).toContain(`${plan.edits.length} edits and ${plan.create.length} new files`);
  expect(note).toContain(`${baseline.run.passed} of ${baseline.run.total} tests pass`);
  for (const { id, file, line, column } of uses)
    expect(note).toContain(`| ${id} | ${file}:${line}:${column} |`);
});

test('texts and comments that mention the old names stay as they are', () => {
  const { snapshot } = outputs['implement_solution'];
  expect(snapshot['src/feed.js']).toContain(
    `(no url.parse(), new Buffer() or "x".substr(1) is needed to read this)`,
  );
  expect(snapshot['src/feed.js']).toContain('// Feed readers that still call url.parse() on the guid');
  expect(snapshot['src/credentials.js']).toContain("before 1.2 this used `new Buffer(text, 'binary')`");
  expect(snapshot['test/credentials-test.js']).toContain(
    "new Buffer('Aladdin:open sesame').toString('base64')",
  );
  expect(snapshot['src/urls.js']).toContain('its `parse` would not be that of the module url');
});

test('the same input gives the same design and the same implementation', async () => {
  const again = await runAgent(
    agent('design'),
    { upstream: { any: outputs['analyze_requirements'] } },
    { env },
  );
  expect(again.stdout).toBe(`${JSON.stringify(outputs['design_architecture'])}\n`);
  const built = await runAgent(
    agent('implement'),
    { upstream: { any: outputs['design_architecture'] } },
    { env },
  );
  expect(built.stdout).toBe(`${JSON.stringify(outputs['implement_solution'])}\n`);
});

test('the diff turns the project into the new snapshot', () => {
  const { diff, snapshot } = outputs['implement_solution'];
  const patched: Record<string, string> = { ...outputs['analyze_requirements'].snapshot };
  for (const change of parsePatch(diff)) {
    const file = change.newFileName.replace(/^b\//, '');
    const before = change.oldFileName === '/dev/null' ? '' : patched[file]!;
    patched[file] = applyPatch(before, change) as string;
  }
  expect(patched).toEqual(snapshot);
});

test('the new snapshot passes every test of the old one, and more', () => {
  const { report } = outputs['test_solution'];
  const { baseline } = outputs['analyze_requirements'];
  expect(report.run).toMatchObject({ failed: 0, skipped: 0 });
  expect(report.comparison).toMatchObject({ missing: [], broken: [], publicApi: [] });
  expect(report.run.total - report.comparison.added.length).toBe(baseline.run.total);
  expect(report.coverage.ratio).toBeGreaterThanOrEqual(0.9);
});

test('the archive has the layout of npm, and its manifest the hash of each file', async () => {
  const { archive, version, manifest } = outputs['deploy_solution'];
  expect(archive.path).toBe(path.join(releases, 'w0-chaintest', 'linktrail-1.4.3.tgz'));
  expect(version).toBe('1.4.3');
  const bytes = readFileSync(archive.path);
  expect(archive).toMatchObject({
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  const names: string[] = [];
  await list({ file: archive.path, onReadEntry: (entry) => names.push(entry.path) });
  const { files } = JSON.parse(readFileSync(manifest, 'utf8'));
  expect(names.sort()).toEqual(
    [...files.map((file: any) => `package/${file.path}`), 'package/manifest.json'].sort(),
  );
  const packed = execFileSync('tar', ['xzOf', archive.path, 'package/src/urls.js']);
  const listed = files.find((file: any) => file.path === 'src/urls.js');
  expect(createHash('sha256').update(packed).digest('hex')).toBe(listed.sha256);
});

test('a repeated deployment writes the same bytes and leaves no drafts', async () => {
  const input = { outDir: releases, upstream: { any: outputs['test_solution'] } };
  const again = await outputOf(agent('deploy'), input, { env: { ...env, MULTISWARM_ATTEMPT: '2' } });
  expect(again.archive.sha256).toBe(outputs['deploy_solution'].archive.sha256);
  const expected = ['DESIGN.md', 'change.diff', 'linktrail-1.4.3.tgz', 'manifest.json'];
  expect(readdirSync(path.join(releases, 'w0-chaintest')).sort()).toEqual(expected);
});

test('a plan that compiles but changes behaviour is stopped by the tests', async () => {
  const design = structuredClone(outputs['design_architecture']);
  const sum = design.plan.edits.find((edit: any) => edit.file === 'src/access-log.js' && edit.after === '11');
  sum.after = '10';
  const built = await outputOf(agent('implement'), { upstream: { any: design } }, { env });
  const { code, stdout, stderr } = await runAgent(agent('test'), { upstream: { any: built } }, { env });
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/failed: test\/access-log-test\.js: a line in the combined format is read whole/);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^\d of \d+ tests fail$/);
});

test('a deprecated call that is put back fails the strict run', async () => {
  const built = structuredClone(outputs['implement_solution']);
  const { snapshot } = built;
  snapshot['src/credentials.js'] = snapshot['src/credentials.js'].replace(
    'Buffer.from(match[1]',
    'new Buffer(match[1]',
  );
  const { code, stderr } = await runAgent(agent('test'), { upstream: { any: built } }, { env });
  expect(code).toBe(1);
  expect(stderr).toMatch(/credentials-test\.js.*Buffer\(\) is deprecated/);
});

test('a change of the public API is stopped', async () => {
  const built = structuredClone(outputs['implement_solution']);
  built.baseline.surface.cleanUrl = 'function/2';
  const { code, stderr } = await runAgent(agent('test'), { upstream: { any: built } }, { env });
  expect(code).toBe(1);
  expect(stderr).toContain('the public API changed: cleanUrl: function/2 became function/1');
});

test('too little coverage is stopped, with the lines that are not covered', async () => {
  const input = { test_coverage: 1, upstream: { any: outputs['implement_solution'] } };
  const { code, stderr } = await runAgent(agent('test'), input, { env });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /only 99\.\d% of the lines are covered, 100\.0% are demanded: src\/cli\.js \d+\/\d+ \(lines /,
  );
});

test('an archive whose command does not answer as demanded is not put in place', async () => {
  const tested = structuredClone(outputs['test_solution']);
  tested.request.smoke = [{ args: ['clean', 'https://example.com'], stdout: 'something else\n' }];
  const refused = { ...env, MULTISWARM_WORKFLOW_ID: 'w0-refused' };
  const input = { outDir: releases, upstream: { any: tested } };
  const { code, stderr } = await runAgent(agent('deploy'), input, { env: refused });
  expect(code).toBe(1);
  expect(stderr).toContain('smoke check clean https://example.com: expected "something else\\n"');
  expect(existsSync(path.join(releases, 'w0-refused'))).toBe(false);
});

test('no agent left anything in the temporary directory', () => {
  expect(readdirSync(scratch)).toEqual([]);
});

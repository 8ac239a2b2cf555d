import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '@multiswarm/testing';
import { agent, outputOf, runAgent, startAgent, temporaryDirectory } from './run-agent';
import { writeProject } from './sample-project';

const here = temporaryDirectory();
const scratch = path.join(here.path, 'scratch');
const env = { TMPDIR: scratch };
mkdirSync(scratch);
afterAll(() => here.remove());

const newProject = (files: Record<string, string>, request?: Record<string, unknown>): string =>
  writeProject(mkdtempSync(path.join(here.path, 'project-')), files, request);

/** Last line on stderr of an agent that must fail without an output. */
async function faultOf(name: string, input: unknown): Promise<string> {
  const { code, stdout, stderr } = await runAgent(agent(name), input, { env });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  return stderr.trimEnd().split('\n').at(-1) ?? '';
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test.each([
  ['no JSON', '{', /^the input on stdin is no JSON document: /],
  ['no object', '[1]', /^the input on stdin must be a JSON object$/],
  ['no project', {}, /^the input needs "project"/],
  ['a missing directory', { project: 'nowhere/at/all' }, /^there is no project directory nowhere\/at\/all$/],
])('the analysis refuses %s', async (_name, input, message) => {
  expect(await faultOf('analyze', input)).toMatch(message);
});

test.each([
  ['design', 'analysis'],
  ['implement', 'design'],
  ['test', 'implementation'],
  ['deploy', 'test-report'],
])('%s names the kind of upstream output that is missing', async (name, kind) => {
  const input = { outDir: here.path, upstream: { earlier: { kind: 'other' } } };
  expect(await faultOf(name, input)).toBe(
    `this step needs the output of one step of the kind "${kind}": upstream has earlier (other)`,
  );
});

test('a file that cannot be parsed is named with line and column', async () => {
  const project = newProject({ 'lib/broken.js': 'const ok = 1;\nconst = 2;\n' });
  expect(await faultOf('analyze', { project })).toBe('lib/broken.js:2:7: cannot be parsed: Unexpected token');
});

test('a request with faults lists all of them', async () => {
  const project = newProject({}, { remove: ['url.parse', 'fs.rmdir'], testCoverage: 2, nodeTarget: 'new' });
  const fault = await faultOf('analyze', { project });
  expect(fault).toMatch(
    /"remove" has fs\.rmdir, .*"nodeTarget" must look like.*"testCoverage" must be a number/,
  );
});

test('symbolic links are not followed out of the project', async () => {
  const project = newProject({});
  symlinkSync('/etc/hostname', path.join(project, 'host'));
  expect(await faultOf('analyze', { project })).toBe(
    'host is a symbolic link; a snapshot holds plain files only',
  );
});

test.each(['../escaped.txt', '/escaped.txt', 'a/../../escaped.txt', 'a\\..\\b', ''])(
  'a snapshot with the path %j is not written',
  async (name) => {
    const analysis = (await outputOf(agent('analyze'), { project: newProject({}) }, { env })) as object;
    const design = (await outputOf(agent('design'), { upstream: { a: analysis } }, { env })) as object;
    const built = (await outputOf(agent('implement'), { upstream: { a: design } }, { env })) as {
      snapshot: Record<string, string>;
    };
    built.snapshot[name] = 'x';
    expect(await faultOf('test', { upstream: { a: built } })).toMatch(
      /^the snapshot has a path that would leave/,
    );
  },
);

test('an implementation whose snapshot is not that of the plan is refused', async () => {
  const project = newProject({ 'index.js': `exports.cut = (text) => text.substr(1);\n` });
  const analysis = (await outputOf(agent('analyze'), { project }, { env })) as object;
  const design = (await outputOf(agent('design'), { upstream: { a: analysis } }, { env })) as {
    snapshot: Record<string, string>;
  };
  design.snapshot['index.js'] = `// moved\n${design.snapshot['index.js']}`;
  expect(await faultOf('implement', { upstream: { a: design } })).toMatch(
    /^index\.js: at 29 the plan expects "substr"/,
  );
});

test('a tested snapshot without a plan for a use is refused by the implementation', async () => {
  const project = newProject({ 'index.js': `exports.cut = (text) => text.substr(1);\n` });
  const analysis = (await outputOf(agent('analyze'), { project }, { env })) as object;
  const design = (await outputOf(agent('design'), { upstream: { a: analysis } }, { env })) as {
    plan: { edits: unknown[] };
  };
  design.plan.edits = [];
  expect(await faultOf('implement', { upstream: { a: design } })).toBe(
    '1 deprecated uses are left after the plan: index.js:1:30 String.prototype.substr',
  );
});

test('an analysis that is cancelled leaves neither files nor processes behind', async () => {
  const mark = path.join(here.path, 'test-is-running');
  const hanging = `
    require('node:fs').writeFileSync(${JSON.stringify(mark)}, String(process.pid));
    setInterval(() => undefined, 1000);
  `;
  const running = startAgent(
    agent('analyze'),
    { project: newProject({ 'test/hang-test.js': hanging }) },
    { env },
  );
  await eventually(() => existsSync(mark) && readFileSync(mark, 'utf8'), { timeoutMs: 20_000 });
  running.process.kill('SIGTERM');
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stdout }).toEqual({ code: 143, stdout: '' });
  expect(stderr.trimEnd().split('\n').at(-1)).toBe('cancelled by SIGTERM');
  await eventually(() => !isAlive(Number(readFileSync(mark, 'utf8'))), { timeoutMs: 20_000 });
  expect(readdirSync(scratch)).toEqual([]);
});

/**
 * Step 5, deploy_solution: packs the release, proves the archive by unpacking and running it, and puts it in its place.
 * Input: upstream of the kind `test-report`; `outDir`, where releases go. Output: kind `release`.
 *
 * D1. The same run gives the same bytes: a repeated attempt replaces an archive by itself.
 * D2. What stands under its final name is whole: files are written beside it and renamed.
 * D3. Nothing is put in its place before it was unpacked, compared and run.
 */
import fs from 'node:fs';
import path from 'node:path';
import { AgentError } from './lib/agent-error.mjs';
import { attempt, log, requiredText, runAgent, upstream } from './lib/agent.mjs';
import { describeFiles, pack, publishedFiles, sha256, unpack } from './lib/archive.mjs';
import { readPackage } from './lib/project.mjs';
import { STRICT } from './lib/run-tests.mjs';
import { checkPath, runProgram, withTemporaryDirectory } from './lib/workspace.mjs';

runAgent(async (input) => {
  const tested = upstream(input, 'test-report');
  const { run } = attempt();
  const directory = path.join(path.resolve(requiredText(input, 'outDir')), checkPath(run));
  const manifest = readPackage(tested.snapshot);
  const version = nextPatch(manifest.version);
  const name = `${manifest.name}-${version}.tgz`;
  const { files, release } = contents(tested, manifest, version, run);

  return withTemporaryDirectory(async (temporary) => {
    const archive = path.join(temporary, name);
    await pack(files, temporary, archive);
    const smoke = await prove(archive, temporary, release, tested.request.smoke);
    const bytes = fs.readFileSync(archive);
    place(directory, {
      [name]: bytes,
      'manifest.json': files['manifest.json'],
      'DESIGN.md': tested.note,
      'change.diff': tested.diff,
    });
    log(
      `${name}: ${Object.keys(files).length} files, ${bytes.length} bytes, ${smoke.length} smoke checks passed`,
    );
    return {
      kind: 'release',
      name: manifest.name,
      version,
      previousVersion: manifest.version,
      archive: {
        path: path.join(directory, name),
        bytes: bytes.length,
        sha256: sha256(bytes),
        files: Object.keys(files).length,
      },
      manifest: path.join(directory, 'manifest.json'),
      design: path.join(directory, 'DESIGN.md'),
      diff: path.join(directory, 'change.diff'),
      change: { files: tested.stats.files, added: tested.stats.added, removed: tested.stats.removed },
      tests: release.tests,
      smoke,
    };
  });
});

function nextPatch(version) {
  const [major, minor, patch] = version.split('.').map(Number);
  return `${major}.${minor}.${patch + 1}`;
}

/** The files of the package, and what its manifest says about them. */
function contents({ snapshot, request, note, report, stats }, manifest, version, run) {
  const published = Object.fromEntries(
    publishedFiles(snapshot, manifest).map((file) => [file, snapshot[file]]),
  );
  published['package.json'] = snapshot['package.json'].replace(/("version"\s*:\s*)"[^"]+"/, `$1"${version}"`);
  if (JSON.parse(published['package.json']).version !== version)
    throw new AgentError('package.json: the version could not be raised');
  published['DESIGN.md'] = note;
  const files = Object.fromEntries(Object.entries(published).sort(([a], [b]) => (a < b ? -1 : 1)));
  const { run: tests, coverage, comparison, node, flags } = report;
  const release = {
    name: manifest.name,
    version,
    previousVersion: manifest.version,
    run,
    request: { id: request.id, title: request.title, removed: request.remove },
    change: { files: stats.files, added: stats.added, removed: stats.removed, edits: stats.edits },
    tests: {
      node,
      flags,
      total: tests.total,
      passed: tests.passed,
      added: comparison.added.length,
      repaired: comparison.repaired.length,
      lineCoverage: coverage.ratio,
    },
    files: describeFiles(files),
  };
  return { files: { ...files, 'manifest.json': `${JSON.stringify(release, null, 2)}\n` }, release };
}

/** Unpacks the archive in a fresh directory, compares every file, runs the command. */
async function prove(archive, temporary, release, checks) {
  const unpacked = await unpack(archive, path.join(temporary, 'unpacked'));
  for (const { path: file, sha256: expected } of release.files) {
    const actual = sha256(fs.readFileSync(path.join(unpacked, file)));
    if (actual !== expected)
      throw new AgentError(`${file} has another hash in the archive than in the manifest`);
  }
  const bins = Object.values(
    JSON.parse(fs.readFileSync(path.join(unpacked, 'package.json'), 'utf8')).bin ?? {},
  );
  if (bins.length !== 1 && checks.length > 0)
    throw new AgentError(`smoke checks need one command, the package has ${bins.length}`);
  const results = [];
  for (const { args, stdout } of checks) {
    const expected = stdout.replaceAll('{version}', release.version);
    const argv = [process.execPath, path.join(unpacked, bins[0]), ...args];
    const done = await runProgram(argv, {
      cwd: unpacked,
      temporary,
      env: { NODE_OPTIONS: STRICT },
      timeoutMs: 30_000,
    });
    if (done.code !== 0 || done.stdout !== expected) {
      const got =
        done.code === 0
          ? JSON.stringify(done.stdout)
          : `exit code ${done.code}: ${done.stderr.trim().slice(-300)}`;
      throw new AgentError(`smoke check ${args.join(' ')}: expected ${JSON.stringify(expected)}, got ${got}`);
    }
    results.push({ args, stdout: done.stdout });
  }
  return results;
}

/** Each file under its final name at once, whole. */
function place(directory, files) {
  fs.mkdirSync(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const draft = path.join(directory, `.${name}.${process.pid}.tmp`);
    try {
      fs.writeFileSync(draft, content);
      fs.renameSync(draft, path.join(directory, name));
    } catch (error) {
      fs.rmSync(draft, { force: true });
      throw error;
    }
  }
}

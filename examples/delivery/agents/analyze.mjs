/**
 * Step 1, analyze_requirements: reads the project and what is asked of it, and finds out what that means.
 * Input: `{ project }`, a directory. Output: kind `analysis`.
 */
import { findCoveringTests } from './lib/attribution.mjs';
import { log, requiredText, runAgent } from './lib/agent.mjs';
import { readRequest } from './lib/change-request.mjs';
import { apiOf } from './lib/deprecated-apis.mjs';
import { takeInventory } from './lib/inventory.mjs';
import { exportsOf, importGraph, importsOf } from './lib/modules.mjs';
import { recordProbes } from './lib/probes.mjs';
import { readPackage, roleOf } from './lib/project.mjs';
import { publicSurface } from './lib/public-surface.mjs';
import { runTests, withProject } from './lib/run-tests.mjs';
import { readSnapshot } from './lib/workspace.mjs';

runAgent(async (input) => {
  const snapshot = readSnapshot(requiredText(input, 'project'));
  const manifest = readPackage(snapshot);
  const request = readRequest(snapshot);
  log(
    `${manifest.name} ${manifest.version}: ${Object.keys(snapshot).length} files, ${request.id} asks to remove ${request.remove.join(', ')}`,
  );

  const { uses, files, sources } = takeInventory(snapshot, request.remove);
  const described = uses.map((use) => use.described);
  log(
    `found ${described.length} uses in ${new Set(described.map(({ file }) => file)).size} of ${sources.length} source files`,
  );

  const baseline = await withProject(snapshot, async (place) => {
    const { run, coverage } = await runTests(place, snapshot, { coverage: true });
    log(
      `baseline on Node.js ${process.versions.node}: ${run.passed} of ${run.total} tests pass, ${percent(coverage.ratio)} of the lines are covered`,
    );
    const covering = await findCoveringTests(place, snapshot, described);
    return { run, coverage, covering, surface: await publicSurface(place, snapshot) };
  });
  const { covering, ...measured } = baseline;
  const found = described.map((use, index) => ({ ...use, coveredBy: covering[index] }));

  return {
    kind: 'analysis',
    project: { name: manifest.name, version: manifest.version, description: manifest.description ?? '' },
    request,
    snapshot,
    files: sources.map((source) => ({
      file: source.file,
      role: roleOf(source.file, manifest),
      lines: source.text.split('\n').length - 1,
      exports: exportsOf(source),
      imports: importsOf(source),
    })),
    importGraph: importGraph(sources),
    uses: found,
    baseline: { node: process.versions.node, ...measured },
    probes: recordProbes([...new Set(found.map(({ api }) => api))]),
    risks: [...risksOfUses(found), ...risksOfCode(files), ...risksOfTests(measured.run)],
  };
});

function risksOfUses(uses) {
  return uses
    .filter(({ coveredBy }) => coveredBy.length === 0)
    .map(
      ({ id, file, line, column, api }) =>
        `${id} ${file}:${line}:${column}: no test executes this use of ${api} (${apiOf(api).code})`,
    );
}

function risksOfCode(files) {
  return files.flatMap(({ source, notes }) =>
    notes.map(({ node, text }) => {
      const { line, column } = source.place(node.start);
      return `${source.file}:${line}:${column}: ${text}`;
    }),
  );
}

function risksOfTests({ tests }) {
  return tests
    .filter(({ ok }) => !ok)
    .map(({ file, name, message }) => `${file}: "${name}" fails before any change: ${message}`);
}

const percent = (ratio) => `${(ratio * 100).toFixed(1)}%`;

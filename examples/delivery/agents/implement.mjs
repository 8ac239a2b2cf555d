/**
 * Step 3, implement_solution: applies the plan to the snapshot and proves what can be proved without running it.
 * Input: upstream of the kind `design`. Output: kind `implementation`.
 */
import { createTwoFilesPatch, diffLines } from 'diff';
import { AgentError } from './lib/agent-error.mjs';
import { log, runAgent, upstream } from './lib/agent.mjs';
import { applyPlan } from './lib/apply-plan.mjs';
import { takeInventory } from './lib/inventory.mjs';
import { exportsOf } from './lib/modules.mjs';

runAgent((input) => {
  const { project, request, snapshot: before, exports, baseline, note, plan } = upstream(input, 'design');
  const snapshot = applyPlan(before, plan);
  const { uses, sources } = takeInventory(snapshot, request.remove);
  if (uses.length > 0) throw new AgentError(leftOver(uses));
  checkExports(sources, exports);

  const changed = Object.keys(snapshot).filter((file) => snapshot[file] !== before[file]);
  const stats = changed.map((file) => ({ file, ...lineCounts(before[file] ?? '', snapshot[file]) }));
  const sum = (key) => stats.reduce((total, row) => total + row[key], 0);
  log(
    `${changed.length} files changed, ${sum('added')} lines added, ${sum('removed')} removed; ${sources.length} files parse, no deprecated use is left`,
  );
  return {
    kind: 'implementation',
    project,
    request,
    snapshot,
    baseline,
    note,
    diff: changed.map((file) => patch(file, before[file], snapshot[file])).join(''),
    stats: {
      files: changed.length,
      added: sum('added'),
      removed: sum('removed'),
      edits: plan.edits.length,
      byFile: stats,
    },
    verified: {
      parsed: sources.length,
      deprecatedUsesLeft: uses.length,
      exportsUnchanged: Object.keys(exports).length,
    },
  };
});

function leftOver(uses) {
  const places = uses.map(({ described: { file, line, column, api } }) => `${file}:${line}:${column} ${api}`);
  return `${uses.length} deprecated uses are left after the plan: ${places.join(', ')}`;
}

function checkExports(sources, expected) {
  const now = new Map(sources.map((source) => [source.file, exportsOf(source)]));
  const changed = Object.entries(expected).filter(
    ([file, names]) => JSON.stringify(now.get(file)) !== JSON.stringify(names),
  );
  if (changed.length === 0) return;
  const lines = changed.map(
    ([file, names]) => `${file}: ${names.join(', ')} became ${(now.get(file) ?? ['nothing']).join(', ')}`,
  );
  throw new AgentError(`the plan changes exports: ${lines.join('; ')}`);
}

function lineCounts(before, after) {
  const parts = diffLines(before, after);
  const lines = (wanted) =>
    parts.filter((part) => part[wanted]).reduce((total, { count }) => total + count, 0);
  return { added: lines('added'), removed: lines('removed') };
}

/** As git writes it, so that `git apply` and `patch -p1` take it. */
function patch(file, before, after) {
  const text = createTwoFilesPatch(
    before === undefined ? '/dev/null' : `a/${file}`,
    `b/${file}`,
    before ?? '',
    after,
  );
  return text.replace(/^=+\n/, '');
}

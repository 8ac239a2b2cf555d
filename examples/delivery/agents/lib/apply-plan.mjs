/** Applies edits by position; what stands there must be what the plan saw. */
import { AgentError } from './agent-error.mjs';
import { checkPath } from './workspace.mjs';

/**
 * @param {Record<string, string>} snapshot
 * @param {import('./make-plan.mjs').Plan} plan
 * @returns {Record<string, string>} the new snapshot, sorted by path
 */
export function applyPlan(snapshot, plan) {
  const next = { ...snapshot };
  for (const file of new Set(plan.edits.map((edit) => edit.file))) {
    if (next[file] === undefined)
      throw new AgentError(`the plan changes ${file}, which the snapshot does not have`);
    next[file] = applyEdits(
      file,
      next[file],
      plan.edits.filter((edit) => edit.file === file),
    );
  }
  for (const { path, content } of plan.create) {
    if (next[checkPath(path)] !== undefined)
      throw new AgentError(`the plan creates ${path}, which is there already`);
    next[path] = content;
  }
  return Object.fromEntries(Object.entries(next).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function applyEdits(file, text, edits) {
  const inOrder = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let result = '';
  let at = 0;
  for (const { start, end, before, after, reason } of inOrder) {
    if (start < at) throw new AgentError(`${file}: edit of ${reason} at ${start} overlaps the one before`);
    if (text.slice(start, end) !== before) {
      throw new AgentError(
        `${file}: at ${start} the plan expects ${JSON.stringify(before)}, there is ${JSON.stringify(text.slice(start, end))}`,
      );
    }
    result += text.slice(at, start) + after;
    at = end;
  }
  return result + text.slice(at);
}

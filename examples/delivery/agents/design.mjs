/**
 * Step 2, design_architecture: decides what is written instead of each use, and says why.
 * Input: upstream of the kind `analysis`; optional `prose`, an introduction for the note. Output: kind `design`.
 */
import { createRequire } from 'node:module';
import { AgentError } from './lib/agent-error.mjs';
import { log, runAgent, upstream } from './lib/agent.mjs';
import { facts, writeDesignNote } from './lib/design-note.mjs';
import { makePlan } from './lib/make-plan.mjs';
import { compareProbes } from './lib/probes.mjs';

const compat = createRequire(import.meta.url)('./templates/url-compat.cjs');

runAgent((input) => {
  const analysis = upstream(input, 'analysis');
  const { project, request, snapshot, uses, baseline } = analysis;
  const { same, different } = compareProbes(analysis.probes, compat);
  const { plan, refusals } = makePlan(snapshot, request.remove, same);
  if (refusals.length > 0) throw new AgentError(refusalMessage(refusals));
  if (plan.decisions.length !== uses.length) {
    throw new AgentError(
      `the analysis found ${uses.length} uses, the snapshot has ${plan.decisions.length}: they do not belong together`,
    );
  }
  log(
    `${plan.edits.length} edits in ${plan.order.length} files, ${plan.create.length} new files, ${different.length} accepted differences`,
  );
  const prose = typeof input.prose === 'string' ? input.prose : undefined;
  return {
    kind: 'design',
    project,
    request,
    snapshot,
    exports: Object.fromEntries(analysis.files.map(({ file, exports }) => [file, exports])),
    baseline,
    facts: facts(analysis, plan, different),
    note: writeDesignNote(analysis, plan, different, prose),
    plan,
  };
});

function refusalMessage(refusals) {
  const lines = refusals.map(
    ({ file, line, column, api, manual }) =>
      `${file}:${line}:${column}: ${api} cannot be replaced safely: ${manual}`,
  );
  return `${refusals.length} of the uses must be changed by hand first:\n${lines.join('\n')}`;
}

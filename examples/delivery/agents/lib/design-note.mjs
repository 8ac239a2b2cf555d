/** The design note, written from the data. Every number and name in it is counted or measured, none is made up. */
import { apiOf } from './deprecated-apis.mjs';

/**
 * @param {any} analysis output of step 1
 * @param {import('./make-plan.mjs').Plan} plan
 * @param {{ call: string, property: string, before: any, after: any }[]} differences
 * @param {string} [prose] an introduction by somebody else, in the place of ours
 */
export function writeDesignNote(analysis, plan, differences, prose) {
  const sections = [
    `# ${analysis.request.id}: ${analysis.request.title}`,
    prose ?? introduction(analysis, plan),
    '## What was found',
    found(analysis),
    '## What is written instead',
    decisions(plan),
    '## Order',
    order(analysis, plan),
    '## Compatibility',
    compatibility(plan, differences),
    '## Verification',
    verification(analysis),
    '## Roll-back',
    rollBack(analysis, plan),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** The facts that an introduction may use, as data. */
export function facts(analysis, plan, differences) {
  const { project, request, baseline } = analysis;
  return {
    project: project.name,
    version: project.version,
    description: project.description,
    goal: request.goal,
    uses: analysis.uses.length,
    edits: plan.edits.length,
    usesByApi: countBy(analysis.uses, ({ api }) => api),
    filesWithUses: new Set(analysis.uses.map(({ file }) => file)).size,
    sourceFiles: analysis.files.length,
    decisions: countBy(plan.decisions, ({ api, decision }) => `${api} -> ${decision}`),
    newFiles: plan.create.map(({ path, why }) => `${path}: ${why}`),
    cautions: [...new Set(plan.decisions.flatMap(({ caution }) => caution ?? []))],
    knownDifferences: differences.length,
    baseline: {
      tests: baseline.run.total,
      passed: baseline.run.passed,
      lineCoverage: percent(baseline.coverage.ratio),
    },
    risks: analysis.risks,
  };
}

function introduction(analysis, plan) {
  const { project, request, uses, files, baseline } = analysis;
  const touched = new Set(plan.edits.map(({ file }) => file)).size;
  return [
    `${project.name} ${project.version} uses deprecated APIs in ${count(uses.length, 'place')} of ${count(touched, 'file')}`,
    `(${count(files.length, 'source file')} in all, ${files.reduce((sum, { lines }) => sum + lines, 0)} lines).`,
    `${request.goal}`,
    `The plan has ${count(plan.edits.length, 'edit')} and ${count(plan.create.length, 'new file')}.`,
    `Before the change ${baseline.run.passed} of ${count(baseline.run.total, 'test')} pass on Node.js ${baseline.node}`,
    `and ${percent(baseline.coverage.ratio)} of the library's lines are covered.`,
  ].join('\n');
}

function found({ uses, risks }) {
  const rows = Object.entries(countBy(uses, ({ api }) => api)).map(([api, number]) => {
    const { code, why } = apiOf(api);
    const files = new Set(uses.filter((use) => use.api === api).map(({ file }) => file));
    return [`\`${api}\``, code, number, files.size, why];
  });
  const shapes = Object.entries(countBy(uses, ({ form, via }) => `${form}, ${via}`)).map(
    ([shape, number]) => `${shape} (${number})`,
  );
  const multiline = uses.filter((use) => use.multiline).length;
  return [
    table(['API', 'Deprecation', 'Uses', 'Files', 'Why it has to go'], rows),
    `Shapes: ${shapes.join(' · ')}. ${count(multiline, 'use')} over several lines.`,
    risks.length === 0
      ? 'Every use is executed by at least one test.'
      : `Risks:\n\n${risks.map((risk) => `- ${risk}`).join('\n')}`,
  ].join('\n\n');
}

function decisions(plan) {
  const rows = plan.decisions.map(({ id, api, file, line, column, decision, why }) => [
    id,
    `${file}:${line}:${column}`,
    `\`${api}\``,
    decision,
    why,
  ]);
  const created = plan.create.map(({ path, why }) => `- New: \`${path}\`, ${why}.`);
  return [
    table(['Use', 'Place', 'API', 'Instead', 'Because'], rows),
    ...(created.length > 0 ? [created.join('\n')] : []),
  ].join('\n\n');
}

function order({ importGraph }, plan) {
  const lines = plan.order.map((file, index) => {
    const imports = importGraph[file].filter((name) => plan.order.includes(name));
    const after =
      imports.length === 0
        ? 'imports nothing that changes'
        : `after ${imports.map((name) => `\`${name}\``).join(', ')}`;
    return `${index + 1}. \`${file}\`: ${count(plan.edits.filter((edit) => edit.file === file).length, 'edit')}, ${after}`;
  });
  return [
    'Along the import graph, leaves first, so that each file is changed on top of what it needs:',
    lines.join('\n'),
  ].join('\n\n');
}

function compatibility(plan, differences) {
  const cautions = new Map();
  for (const { id, caution } of plan.decisions)
    if (caution) cautions.set(caution, [...(cautions.get(caution) ?? []), id]);
  const lines = [...cautions].map(([caution, ids]) => `- ${ids.join(', ')}: ${caution}.`);
  const rows = differences.map(({ call, property, before, after }) => [
    `\`${call}\``,
    property,
    show(before),
    show(after),
  ]);
  const parts = [lines.length === 0 ? 'No replacement needs a caution.' : lines.join('\n')];
  if (rows.length > 0) {
    parts.push(
      'Old and new URL functions were asked the same questions. They differ here, and these differences are accepted:',
      table(['Call', 'Property', 'Before', 'After'], rows),
    );
  }
  return parts.join('\n\n');
}

function verification({ request, baseline }) {
  return [
    `- Every changed file is parsed again; no use of ${request.remove.map((id) => `\`${id}\``).join(', ')} may be left, and the exports of every file stay.`,
    `- All ${count(baseline.run.total, 'test')} of the baseline must pass that passed before, with \`--throw-deprecation --pending-deprecation\`.`,
    `- The package must export the same ${count(Object.keys(baseline.surface).length, 'name')} with the same kinds and numbers of arguments.`,
    `- At least ${percent(request.testCoverage)} of the library's lines must be covered (baseline: ${percent(baseline.coverage.ratio)}).`,
    `- The packed command must pass ${count(request.smoke.length, 'smoke check')} after unpacking.`,
  ].join('\n');
}

function rollBack({ project }, plan) {
  const touched = new Set(plan.edits.map(({ file }) => file)).size;
  return [
    `Install ${project.name} ${project.version} again. The change touches ${count(touched, 'file')} and adds ${plan.create.length};`,
    'it changes no stored data and no format, so going back loses nothing. The diff can also be reversed as a patch.',
  ].join('\n');
}

function table(head, rows) {
  const cell = (value) => String(value).replaceAll('|', '\\|');
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
}

const show = (value) => (value === null ? 'null' : `\`${value}\``);
const percent = (ratio) => `${(ratio * 100).toFixed(1)}%`;
const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;

function countBy(items, key) {
  const counts = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

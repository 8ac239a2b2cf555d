/** From uses to edits: which texts are replaced where, which requires go, what is added. Pure: same snapshot, same plan. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { REPLACEMENTS } from '../replacements/index.mjs';
import { bindingEdits } from './binding-edits.mjs';
import { takeInventory } from './inventory.mjs';
import { importGraph, inImportOrder } from './modules.mjs';
import { readPackage, roleOf, testPrograms } from './project.mjs';
import { compatibilityTest } from './compatibility-test.mjs';

const HELPER = new URL('../templates/url-compat.cjs', import.meta.url);

/**
 * @typedef {object} PlannedEdit
 * @property {string} file
 * @property {number} start
 * @property {number} end
 * @property {string} before what must stand there
 * @property {string} after
 * @property {string} reason id of a use, `require` or `helper`
 *
 * @typedef {{ id: string, api: string, file: string, line: number, column: number, decision: string, why: string, caution?: string }} Decision
 * @typedef {{ id: string, file: string, line: number, column: number, api: string, manual: string }} Refusal
 * @typedef {{ order: string[], edits: PlannedEdit[], create: { path: string, content: string, why: string }[], decisions: Decision[] }} Plan
 */

/**
 * @param {Record<string, string>} snapshot
 * @param {string[]} wanted
 * @param {ReturnType<typeof import('./probes.mjs').compareProbes>['same']} kept answers that the compatibility module must give
 * @returns {{ plan: Plan, refusals: Refusal[] }}
 */
export function makePlan(snapshot, wanted, kept) {
  const { files, uses, sources } = takeInventory(snapshot, wanted);
  const order = inImportOrder(importGraph(sources));
  const helperPath = chooseHelperPath(uses, order, snapshot);
  const work = files.map(({ source, bindings }) =>
    planFile(
      source,
      bindings,
      uses.filter((use) => use.source === source),
      helperPath,
    ),
  );
  const byFile = new Map(work.map((item) => [item.file, item]));
  const inOrder = order.map((file) => byFile.get(file));
  const plan = {
    order: inOrder.filter(({ edits }) => edits.length > 0).map(({ file }) => file),
    edits: inOrder.flatMap(({ edits }) => edits),
    create: work.some(({ helpers }) => helpers.size > 0) ? helperFiles(helperPath, snapshot, kept) : [],
    decisions: work.flatMap(({ decisions }) => decisions),
  };
  return { plan, refusals: work.flatMap(({ refusals }) => refusals) };
}

function planFile(source, bindings, uses, helperPath) {
  const result = { file: source.file, edits: [], decisions: [], refusals: [], helpers: new Map() };
  const replaced = [];
  for (const { use, described } of uses) {
    const name = (wanted) => helperName(wanted, source, bindings, result.helpers);
    const replacement = REPLACEMENTS[use.api.id](use, source, name);
    const { id, api, file, line, column } = described;
    if (replacement.manual !== undefined) {
      result.refusals.push({ id, api, file, line, column, manual: replacement.manual });
      continue;
    }
    const { decision, why, caution } = replacement;
    result.decisions.push({ id, api, file, line, column, decision, why, ...(caution && { caution }) });
    result.edits.push(...replacement.edits.map((edit) => planned(source, edit, id)));
    replaced.push({ use, replacement });
  }
  const around = bindingEdits(
    source,
    bindings,
    replaced,
    result.helpers,
    relativeTo(source.file, helperPath, source.format),
  );
  result.edits.push(...around.map(({ reason, ...edit }) => planned(source, edit, reason)));
  result.edits = result.edits
    .filter(({ before, after }) => before !== after)
    .sort((a, b) => a.start - b.start || a.end - b.end);
  return result;
}

const planned = (source, { start, end, after }, reason) => ({
  file: source.file,
  start,
  end,
  before: source.text.slice(start, end),
  after,
  reason,
});

/** A name that is free in the file, or that only stands for the old function and becomes free with it. */
function helperName(wanted, source, bindings, helpers) {
  const taken = (name) =>
    source.scopes.scopes.some(
      (scope) => (scope.set.has(name) && !isOurs(scope.set.get(name))) || hasGlobal(scope, name),
    );
  const isOurs = (variable) =>
    bindings.some(
      (binding) => binding.variable === variable && binding.module === 'url' && binding.member !== undefined,
    );
  const hasGlobal = (scope, name) =>
    scope.type === 'global' && scope.through.some(({ identifier }) => identifier.name === name);
  const name =
    [wanted, `${wanted}Compat`, `${wanted}Compatible`].find((candidate) => !taken(candidate)) ??
    `${wanted}OfUrlCompat`;
  helpers.set(wanted, name);
  return name;
}

/** Beside the first library file that needs it, under a name that is free. */
function chooseHelperPath(uses, order, snapshot) {
  const manifest = readPackage(snapshot);
  const needing = new Set(
    uses.filter(({ described }) => described.api.startsWith('url.')).map(({ source }) => source.file),
  );
  const first =
    order.find((file) => needing.has(file) && roleOf(file, manifest) !== 'test') ??
    order.find((file) => needing.has(file)) ??
    '';
  const end = manifest.type === 'module' ? '.cjs' : '.js';
  const free = ['url-compat', 'url-compat-whatwg', 'legacy-url-compat'].map((name) =>
    path.posix.join(path.posix.dirname(first), name + end),
  );
  return free.find((file) => snapshot[file] === undefined) ?? free[0];
}

/** `target` as a require in `file` names it; an import needs the extension. */
function relativeTo(file, target, format = 'commonjs') {
  const full = path.posix.relative(path.posix.dirname(file), target);
  const relative = format === 'module' ? full : full.replace(/\.js$/, '');
  return relative.startsWith('.') ? relative : `./${relative}`;
}

function helperFiles(helperPath, snapshot, kept) {
  const [firstTest = 'test/-test.js'] = testPrograms(snapshot);
  const mark = /\.test\.[cm]?js$/.test(firstTest) ? '.test' : '-test';
  const test = path.posix.join(path.posix.dirname(firstTest), `url-compat${mark}${path.extname(helperPath)}`);
  return [
    {
      path: helperPath,
      content: readFileSync(HELPER, 'utf8'),
      why: 'what url.parse() and url.resolve() gave, from the WHATWG parser, for relative links too',
    },
    {
      path: test,
      content: compatibilityTest(relativeTo(test, helperPath), kept),
      why: 'holds the module to the answers that the old functions gave before the change',
    },
  ];
}

/** Requires and imports around replaced uses: what nothing needs any more goes, what is renamed or new comes. */
import { textOf } from './source.mjs';

/**
 * @param {import('./source.mjs').Source} source
 * @param {import('./find-uses.mjs').Binding[]} bindings
 * @param {{ use: import('./find-uses.mjs').Use, replacement: import('../replacements/index.mjs').Replacement }[]} replaced
 * @param {Map<string, string>} helpers function of the compatibility module → local name
 * @param {string} helperPath as this file writes it
 * @returns {{ start: number, end: number, after: string, reason: 'require' | 'helper' }[]}
 */
export function bindingEdits(source, bindings, replaced, helpers, helperPath) {
  const dead = deadBindings(bindings, replaced);
  const edits = [...renames(replaced)];
  const statements = new Map();
  for (const { holder, part } of dead) {
    const statement = holder.type === 'ImportDeclaration' ? holder : source.ancestors(holder).at(-1);
    if (!statements.has(statement)) statements.set(statement, new Set());
    statements.get(statement).add(part);
  }
  const removed = new Set();
  for (const [statement, parts] of statements) {
    const change = shrink(source, statement, parts);
    if (change === 'remove') removed.add(statement);
    else edits.push(...change);
  }
  return [...edits, ...placeHelper(source, removed, helpers, helperPath)];
}

/** A binding is dead when every read of it was replaced; an alias that dies takes the read of its origin with it. */
function deadBindings(bindings, replaced) {
  const gone = new Set();
  for (const { use, replacement } of replaced) {
    if (replacement.keepsBinding || !use.binding) continue;
    gone.add(use.node.type === 'MemberExpression' ? use.node.object : use.node);
  }
  const dead = new Set();
  for (let found = true; found;) {
    found = false;
    for (const binding of bindings) {
      const reads = binding.variable.references
        .filter((reference) => reference.isRead())
        .map(({ identifier }) => identifier);
      if (dead.has(binding) || reads.length === 0 || !reads.every((identifier) => gone.has(identifier)))
        continue;
      dead.add(binding);
      found = true;
      for (const { identifier } of binding.from?.variable.references ?? []) {
        if (identifier.start >= binding.origin.start && identifier.end <= binding.origin.end)
          gone.add(identifier);
      }
    }
  }
  return dead;
}

/** `const { exists } = require('fs')` → `const { access } = …`, once per require. */
function renames(replaced) {
  const parts = new Map();
  for (const { use, replacement } of replaced)
    if (replacement.rename) parts.set(use.binding.part, replacement.rename);
  return [...parts].map(([part, after]) => ({
    start: part.start,
    end: part.end,
    after,
    reason: /** @type {const} */ ('require'),
  }));
}

/** What is left of a statement without the dead parts: `remove`, or the edits that cut them out. */
function shrink(source, statement, parts) {
  if (statement.type === 'ImportDeclaration') return shrinkImport(source, statement, parts);
  const edits = [];
  const whole = new Set();
  for (const declarator of statement.declarations) {
    const properties = declarator.id.type === 'ObjectPattern' ? declarator.id.properties : [];
    const deadProperties = properties.filter((property) => parts.has(property));
    if (parts.has(declarator) || (properties.length > 0 && deadProperties.length === properties.length))
      whole.add(declarator);
    else edits.push(...cut(properties, new Set(deadProperties)));
  }
  if (whole.size === statement.declarations.length) return 'remove';
  return [...edits, ...cut(statement.declarations, whole)];
}

function shrinkImport(source, statement, parts) {
  const kept = statement.specifiers.filter((specifier) => !parts.has(specifier));
  if (kept.length === 0) return 'remove';
  const names = kept
    .filter(({ type }) => type === 'ImportSpecifier')
    .map((specifier) => textOf(source, specifier));
  const whole = kept
    .filter(({ type }) => type !== 'ImportSpecifier')
    .map((specifier) => textOf(source, specifier));
  const clause = [...whole, ...(names.length > 0 ? [`{ ${names.join(', ')} }`] : [])].join(', ');
  const after = `import ${clause} from `;
  return [
    { start: statement.start, end: statement.source.start, after, reason: /** @type {const} */ ('require') },
  ];
}

/** Cuts items out of a list with commas; the comma that goes is the one behind, or for the last items the one before. */
function cut(items, dead) {
  const lastKept = items.findLastIndex((item) => !dead.has(item));
  const edits = [];
  items.forEach((item, index) => {
    if (dead.has(item) && index < lastKept)
      edits.push({
        start: item.start,
        end: items[index + 1].start,
        after: '',
        reason: /** @type {const} */ ('require'),
      });
  });
  if (lastKept >= 0 && lastKept < items.length - 1) {
    edits.push({
      start: items[lastKept].end,
      end: items[items.length - 1].end,
      after: '',
      reason: /** @type {const} */ ('require'),
    });
  }
  return edits;
}

/** The require of the compatibility module comes behind the last one that stays, or takes the place of one that goes. */
function placeHelper(source, removed, helpers, helperPath) {
  const edits = [];
  const line = helperLine(source, helpers, helperPath);
  const kept = source.ast.body.filter((statement) => isRequire(statement) && !removed.has(statement));
  const replacedStatement =
    line !== undefined && kept.length === 0 ? [...removed].sort((a, b) => a.start - b.start)[0] : undefined;
  for (const statement of removed) {
    if (statement === replacedStatement)
      edits.push({
        start: statement.start,
        end: statement.end,
        after: line,
        reason: /** @type {const} */ ('helper'),
      });
    else
      edits.push({
        start: statement.start,
        end: endWithLine(source, statement),
        after: '',
        reason: /** @type {const} */ ('require'),
      });
  }
  if (line !== undefined && replacedStatement === undefined) {
    const at = kept.at(-1)?.end ?? prologueEnd(source);
    edits.push({ start: at, end: at, after: `\n${line}`, reason: /** @type {const} */ ('helper') });
  }
  return edits;
}

function helperLine(source, helpers, helperPath) {
  if (helpers.size === 0) return undefined;
  const join = source.format === 'module' ? ' as ' : ': ';
  const names = [...helpers]
    .sort()
    .map(([wanted, name]) => (wanted === name ? name : `${wanted}${join}${name}`));
  return source.format === 'module'
    ? `import { ${names.join(', ')} } from '${helperPath}';`
    : `const { ${names.join(', ')} } = require('${helperPath}');`;
}

/** A top-level require or import; `const x = require('y').z` counts too. */
function isRequire(statement) {
  if (statement.type === 'ImportDeclaration') return true;
  if (statement.type !== 'VariableDeclaration') return false;
  return statement.declarations.every(({ init }) => {
    const call = init?.type === 'MemberExpression' ? init.object : init;
    return call?.type === 'CallExpression' && call.callee.name === 'require';
  });
}

function endWithLine(source, statement) {
  const rest = /^[ \t]*\r?\n/.exec(source.text.slice(statement.end));
  return statement.end + (rest?.[0].length ?? 0);
}

/** Behind `#!` and `'use strict'`. */
function prologueEnd(source) {
  const directives = source.ast.body.filter(({ directive }) => directive !== undefined);
  const hashbang = /^#!.*/.exec(source.text)?.[0].length ?? 0;
  return directives.at(-1)?.end ?? hashbang;
}

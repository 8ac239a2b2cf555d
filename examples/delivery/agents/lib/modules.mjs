/** What files import and export, and in which order they can be changed. */
import path from 'node:path';
import { full } from 'acorn-walk';
import { propertyName } from './source.mjs';

/** The module that a `require('x')` call names, without `node:`; undefined for any other node. */
export function requiredModule(source, node) {
  if (node?.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require')
    return undefined;
  const [argument] = node.arguments;
  if (argument?.type !== 'Literal' || typeof argument.value !== 'string') return undefined;
  const local = source.scopes.globalScope.through.every((reference) => reference.identifier !== node.callee);
  return local ? undefined : bare(argument.value);
}

const bare = (name) => name.replace(/^node:/, '');

/** All modules that a file names, in order of appearance, each once. @param {import('./source.mjs').Source} source */
export function importsOf(source) {
  const found = new Set();
  full(source.ast, (node) => {
    const required = requiredModule(source, node);
    if (required !== undefined) found.add(required);
    if (
      /^(Import|ExportNamed|ExportAll)(Declaration|Expression)$/.test(node.type) &&
      typeof node.source?.value === 'string'
    ) {
      found.add(bare(node.source.value));
    }
  });
  return [...found];
}

/** Names that a file exports; `*` and a module for what it passes on, `=` where the export is one value. */
export function exportsOf(source) {
  const names = new Set();
  full(source.ast, (node) => {
    if (node.type === 'AssignmentExpression') collectAssigned(node, names);
    if (node.type === 'ExportDefaultDeclaration') names.add('default');
    if (node.type === 'ExportAllDeclaration') names.add(`* ${node.source.value}`);
    if (node.type === 'ExportNamedDeclaration') collectNamed(node, names);
  });
  return [...names].sort();
}

function collectNamed(node, names) {
  for (const specifier of node.specifiers) names.add(specifier.exported.name ?? specifier.exported.value);
  const { declaration } = node;
  if (declaration?.id) names.add(declaration.id.name);
  for (const { id } of declaration?.declarations ?? []) if (id.type === 'Identifier') names.add(id.name);
}

function collectAssigned({ left, right }, names) {
  if (left.type !== 'MemberExpression') return;
  if (isModuleExports(left)) {
    if (right.type !== 'ObjectExpression') return names.add('=');
    for (const property of right.properties) {
      if (property.type === 'Property') names.add(propertyName(property) ?? '[computed]');
      else names.add(`* ${property.argument.arguments?.[0]?.value ?? property.argument.name ?? '?'}`);
    }
  } else if (
    isModuleExports(left.object) ||
    (left.object.type === 'Identifier' && left.object.name === 'exports')
  ) {
    names.add(propertyName(left) ?? '[computed]');
  }
}

const isModuleExports = (node) =>
  node.type === 'MemberExpression' &&
  node.object.type === 'Identifier' &&
  node.object.name === 'module' &&
  propertyName(node) === 'exports';

/**
 * Which project files each project file imports.
 * @param {import('./source.mjs').Source[]} sources @returns {Record<string, string[]>}
 */
export function importGraph(sources) {
  const known = new Set(sources.map(({ file }) => file));
  const resolve = (from, name) => {
    const target = path.posix.normalize(path.posix.join(path.posix.dirname(from), name));
    return [
      target,
      ...['.js', '.cjs', '.mjs', '/index.js'].map((end) => target.replace(/\/$/, '') + end),
    ].find((file) => known.has(file));
  };
  return Object.fromEntries(
    sources.map((source) => {
      const local = importsOf(source).filter((name) => name.startsWith('.'));
      return [
        source.file,
        local.map((name) => resolve(source.file, name)).filter((file) => file !== undefined),
      ];
    }),
  );
}

/** Leaves first: a file comes after all that it imports; members of a cycle come in the order of their names. */
export function inImportOrder(graph) {
  const order = new Set();
  const open = new Set();
  const visit = (file) => {
    if (order.has(file) || open.has(file)) return;
    open.add(file);
    [...graph[file]].sort().forEach(visit);
    order.add(file);
  };
  Object.keys(graph).sort().forEach(visit);
  return [...order];
}

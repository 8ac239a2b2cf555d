/** One JavaScript file as text, syntax tree, scopes and lines. */
import { parse } from 'acorn';
import { fullAncestor } from 'acorn-walk';
import { analyze } from 'eslint-scope';
import { AgentError } from './agent-error.mjs';

const ECMA_VERSION = 2024;

/**
 * @typedef {object} Source
 * @property {string} file
 * @property {string} text
 * @property {'module' | 'commonjs'} format
 * @property {any} ast
 * @property {any} scopes scope manager of eslint-scope
 * @property {(node: any) => any[]} ancestors outermost first, the node itself left out
 * @property {(offset: number) => { line: number, column: number }} place both count from 1
 */

/** @param {string} file */
export const isJavaScript = (file) => /\.[cm]?js$/.test(file);

/** @param {string} file @param {Record<string, string>} snapshot */
function formatOf(file, snapshot) {
  if (file.endsWith('.mjs')) return 'module';
  if (file.endsWith('.cjs')) return 'commonjs';
  return JSON.parse(snapshot['package.json'] ?? '{}').type === 'module' ? 'module' : 'commonjs';
}

/** @param {Record<string, string>} snapshot @returns {Source[]} sorted by path */
export function parseProject(snapshot) {
  const files = Object.keys(snapshot).filter(isJavaScript).sort();
  return files.map((file) => parseFile(file, snapshot));
}

/** @param {string} file @param {Record<string, string>} snapshot @returns {Source} */
export function parseFile(file, snapshot) {
  const text = snapshot[file];
  const format = formatOf(file, snapshot);
  const ast = parseOrThrow(file, text, format);
  const ancestry = new Map();
  fullAncestor(ast, (node, _state, ancestors) => {
    if (!ancestry.has(node)) ancestry.set(node, ancestors.slice(0, -1));
  });
  return {
    file,
    text,
    format,
    ast,
    scopes: analyze(ast, { ecmaVersion: ECMA_VERSION, sourceType: format, ignoreEval: true }),
    ancestors: (node) => ancestry.get(node) ?? [],
    place: placeFinder(text),
  };
}

function parseOrThrow(file, text, format) {
  try {
    return parse(text, {
      ecmaVersion: ECMA_VERSION,
      sourceType: format === 'module' ? 'module' : 'script',
      allowHashBang: true,
      allowReturnOutsideFunction: format === 'commonjs',
      ranges: true,
    });
  } catch (error) {
    const { line, column } = placeFinder(text)(error.pos ?? 0);
    throw new AgentError(
      `${file}:${line}:${column}: cannot be parsed: ${error.message.replace(/ \(\d+:\d+\)$/, '')}`,
    );
  }
}

/** Offsets are UTF-16 units, as in the syntax tree. */
function placeFinder(text) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const after = starts.findIndex((start) => start > offset);
    const line = after < 0 ? starts.length : after;
    return { line, column: offset - starts[line - 1] + 1 };
  };
}

/** The text of a node. @param {Source} source */
export const textOf = (source, node) => source.text.slice(node.start, node.end);

/** Name of a property access or key, where it can be known: `a.b`, `a['b']`, `{ b }`. */
export function propertyName(node) {
  const key = node.type === 'MemberExpression' ? node.property : node.key;
  if (!node.computed && key?.type === 'Identifier') return key.name;
  return key?.type === 'Literal' ? String(key.value) : undefined;
}

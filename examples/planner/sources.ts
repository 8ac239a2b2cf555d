import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, type AnyNode } from 'acorn';
import { full, fullAncestor } from 'acorn-walk';
import { measureComplexity } from '../basic/measure-complexity';
import type { Finding } from './review';

export interface Source {
  file: string;
  text: string;
}

export interface HardFunction {
  file: string;
  line: number;
}

/** The JavaScript of a directory, in the order of its names. */
export async function readSources(directory: string): Promise<Source[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.js')).sort();
  return Promise.all(
    files.map(async (file) => ({ file, text: await readFile(join(directory, file), 'utf8') })),
  );
}

/** How many functions there are, and those that have at least so many paths, the hardest first. */
export function hardFunctions(
  sources: readonly Source[],
  limit: number,
): { functions: number; hard: HardFunction[] } {
  const measured = sources.flatMap(({ file, text }) =>
    measureComplexity(text).map((of) => ({ file, ...of })),
  );
  const hard = measured
    .filter(({ complexity }) => complexity >= limit)
    .sort((a, b) => b.complexity - a.complexity || a.file.localeCompare(b.file) || a.line - b.line);
  return { functions: measured.length, hard: hard.map(({ file, line }) => ({ file, line })) };
}

/** What makes a function hard: how long it is, how deep it goes, and who would notice a change. */
export function lookAt(sources: readonly Source[], file: string, line: number): Finding {
  const text = sources.find((source) => source.file === file)?.text ?? '';
  const { name = '', complexity = 0 } = measureComplexity(text).find((of) => of.line === line) ?? {};
  const node = functionAt(text, line);
  return {
    ...{ file, line, name, complexity },
    lines: node ? text.slice(node.start, node.end).split('\n').length : 0,
    depth: node ? depthOf(node) : 0,
    callers: sources.reduce((sum, source) => sum + callsOf(source.text, name), 0),
  };
}

function parsed(text: string): AnyNode {
  return parse(text, {
    ...{ ecmaVersion: 'latest', locations: true, allowHashBang: true },
    ...{ sourceType: 'script', allowReturnOutsideFunction: true },
  });
}

function functionAt(text: string, line: number): AnyNode | undefined {
  let found: AnyNode | undefined;
  full(parsed(text), (node) => {
    const isHere = isFunction(node) && node.loc?.start.line === line;
    // The outer one, where several begin in one line.
    if (isHere && (found === undefined || node.end - node.start > found.end - found.start)) found = node;
  });
  return found;
}

function isFunction(node: AnyNode): boolean {
  return ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type);
}

const NESTS = new Set(
  ['IfStatement', 'SwitchStatement', 'TryStatement', 'ConditionalExpression'].concat([
    'ForStatement',
    'ForInStatement',
    'ForOfStatement',
    'WhileStatement',
    'DoWhileStatement',
  ]),
);

/** The most branches and loops that stand inside of each other. */
function depthOf(node: AnyNode): number {
  let deepest = 0;
  fullAncestor(node, (_inner, _state, path) => {
    deepest = Math.max(deepest, path.filter(({ type }) => NESTS.has(type)).length);
  });
  return deepest;
}

/** Calls by the name alone or as a method. */
function callsOf(text: string, name: string): number {
  let calls = 0;
  full(parsed(text), (node) => {
    if (node.type !== 'CallExpression') return;
    const { callee } = node;
    const called = callee.type === 'MemberExpression' ? callee.property : callee;
    if (called.type === 'Identifier' && called.name === name) calls += 1;
  });
  return calls;
}

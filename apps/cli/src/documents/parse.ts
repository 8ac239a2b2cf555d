import type YamlModule from 'yaml';
import type { Finding } from '@multiswarm/contracts';
import { EXIT, Fault } from '../faults';
import { nameOf } from './read-text';

export interface Position {
  line: number;
  column: number;
}

/** A parsed document that still knows where in the text each value stands. */
export interface SourceDocument {
  name: string;
  text: string;
  value: unknown;
}

/**
 * JSON or YAML: by the name of the file; text without a telling name (standard input) is JSON when it starts like JSON.
 * Broken text throws one fault with `file:line:column`.
 */
export function parseDocument(name: string, text: string): SourceDocument {
  const value = looksLikeJson(name, text) ? parseJson(name, text) : parseYaml(name, text);
  return { name, text, value };
}

function looksLikeJson(name: string, text: string): boolean {
  if (/\.json$/i.test(name)) return true;
  return !/\.ya?ml$/i.test(name) && /^\s*[{[]/.test(text);
}

/** @param hint what to do where it is not JSON */
export function parseJson(name: string, text: string, hint?: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Loaded on use, like the YAML parser: only a broken text needs it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { findJsonFault } = require('@multiswarm/service') as typeof import('@multiswarm/service');
    const { line, column, expected } = findJsonFault(text) ?? { line: 1, column: 1, expected: 'JSON' };
    throw broken(name, 'JSON', { line, column }, `expected ${expected}`, hint);
  }
}

function parseYaml(name: string, text: string): unknown {
  const yaml = loadYaml();
  const lineCounter = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw broken(name, 'YAML', { line, column: col }, error.message);
  }
  try {
    return document.toJS();
  } catch (cause) {
    // An alias that is used too often: the "billion laughs".
    throw broken(
      name,
      'YAML',
      { line: 1, column: 1 },
      cause instanceof Error ? cause.message : String(cause),
    );
  }
}

function broken(
  name: string,
  language: string,
  { line, column }: Position,
  message: string,
  hint?: string,
): Fault {
  return new Fault(`${nameOf(name)}:${line}:${column}: not valid ${language}: ${message}`, {
    code: language === 'JSON' ? 'invalid-json' : 'invalid-yaml',
    exit: EXIT.usage,
    hint,
  });
}

/** The same findings, each told the line of the file that it speaks of, as far as that can be known. */
export function withLines(document: SourceDocument, findings: readonly Finding[]): Finding[] {
  if (findings.length === 0) return [];
  const yaml = loadYaml();
  const lineCounter = new yaml.LineCounter();
  // JSON is YAML, so one parser knows the positions in both.
  const parsed = yaml.parseDocument(document.text, { lineCounter, prettyErrors: false });
  return findings.map((finding) => {
    const offset = offsetOf(yaml, parsed.contents, finding.pointer);
    if (offset === undefined) return finding;
    return { ...finding, message: `${finding.message} (line ${lineCounter.linePos(offset).line})` };
  });
}

/** Where the value of a JSON pointer starts; for a value that is missing, where the closest thing around it starts. */
function offsetOf(yaml: typeof YamlModule, root: unknown, pointer: string): number | undefined {
  const path = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  let node: unknown = root;
  let offset = yaml.isNode(root) ? root.range?.[0] : undefined;
  for (const key of path) {
    let next: unknown;
    if (yaml.isMap(node)) {
      const pair = node.items.find(
        (item) => String(yaml.isScalar(item.key) ? item.key.value : item.key) === key,
      );
      if (!pair) break;
      if (yaml.isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      next = pair.value;
    } else if (yaml.isSeq(node)) {
      next = node.items[Number(key)];
      if (yaml.isNode(next)) offset = next.range?.[0] ?? offset;
    } else break;
    node = next;
  }
  return offset;
}

function loadYaml(): typeof YamlModule {
  // Loaded on use: 30 ms that plain JSON never pays.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('yaml') as typeof YamlModule;
}

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

/** A file that may hold several: YAML with `---` between them, or a JSON value per line (`.jsonl`). */
export function parseDocuments(name: string, text: string): SourceDocument & { values: unknown[] } {
  const values = documentsIn(name, text);
  return { name, text, value: values[0], values };
}

const JSON_LINES = /\.(jsonl|ndjson)$/i;

function documentsIn(name: string, text: string): unknown[] {
  if (JSON_LINES.test(name)) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.map((line) => parseJson(name, line));
  }
  if (looksLikeJson(name, text)) return [parseJson(name, text)];
  return parseYamls(name, text);
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
  return readYaml(name, yaml.parseDocument(text, { lineCounter, prettyErrors: false }), lineCounter);
}

/** Every document that says something: `---` at the end of a file begins one that says nothing. */
function parseYamls(name: string, text: string): unknown[] {
  const { documents, lineCounter } = documentsOf(text);
  const values = documents.map((document) => readYaml(name, document, lineCounter));
  return values.some((value) => value !== null) ? values.filter((value) => value !== null) : [null];
}

/** More lines than that are not moved: the text is broken otherwise. */
const MOVED_LINES = 200;

/**
 * YAML, also where a quoted text or a list in brackets goes on in a line that is not indented enough. Parsers in Go accept
 * that, and manifests of Kubernetes and Argo have it. Such a line is moved to the right: lines stay what they are.
 */
function documentsOf(text: string): {
  documents: YamlModule.Document.Parsed[];
  lineCounter: YamlModule.LineCounter;
} {
  const yaml = loadYaml();
  const lines = text.split('\n');
  for (let moved = 0; ; moved += 1) {
    const lineCounter = new yaml.LineCounter();
    const all = yaml.parseAllDocuments(lines.join('\n'), { lineCounter, prettyErrors: false });
    const documents = [...all];
    const [error] = documents.flatMap(({ errors }) => errors);
    const line = error && tooFarLeft(error, lineCounter);
    const given = line === undefined ? undefined : lines[line];
    if (line === undefined || given === undefined || moved === MOVED_LINES) return { documents, lineCounter };
    lines[line] = `  ${given}`;
  }
}

/** The line, from 0, that has to be indented more; undefined where that is not what is wrong. */
function tooFarLeft(
  { code, message, pos }: YamlModule.YAMLParseError,
  lineCounter: YamlModule.LineCounter,
): number | undefined {
  const { line } = lineCounter.linePos(pos[0]);
  if (code === 'MISSING_CHAR' && message.includes('quote')) return line;
  return code === 'BAD_INDENT' && message.includes('Flow') ? line - 1 : undefined;
}

function readYaml(
  name: string,
  document: YamlModule.Document.Parsed,
  lineCounter: YamlModule.LineCounter,
): unknown {
  const [error] = document.errors;
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw broken(name, 'YAML', { line, column: col }, error.message);
  }
  try {
    return document.toJS();
  } catch (cause) {
    // An alias that is used too often: the "billion laughs".
    const message = cause instanceof Error ? cause.message : String(cause);
    throw broken(name, 'YAML', { line: 1, column: 1 }, message);
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
  if (JSON_LINES.test(document.name)) return withOwnLines(document.text, findings);
  const yaml = loadYaml();
  // JSON is YAML, so one parser knows the positions in both.
  const { documents, lineCounter } = documentsOf(document.text);
  const roots = documents
    .map(({ contents }) => contents)
    .filter((contents) => contents !== null && !(yaml.isScalar(contents) && contents.value === null));
  return findings.map((finding) => {
    const offset = placeOf(yaml, roots, finding.pointer);
    if (offset === undefined) return finding;
    return { ...finding, message: `${finding.message} (line ${lineCounter.linePos(offset).line})` };
  });
}

/** Of one document per line: a pointer begins with the number of its document, from 0. */
function withOwnLines(text: string, findings: readonly Finding[]): Finding[] {
  const lines = text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [index + 1]));
  return findings.map((finding) => {
    const line = lines[Number(/^\/(\d+)/.exec(finding.pointer)?.[1])];
    return line === undefined ? finding : { ...finding, message: `${finding.message} (line ${line})` };
  });
}

/** With several documents a pointer begins with the number of its own. */
function placeOf(yaml: typeof YamlModule, roots: readonly unknown[], pointer: string): number | undefined {
  if (roots.length === 1) return offsetOf(yaml, roots[0], pointer);
  const [, document = '', ...rest] = pointer.split('/');
  const root = roots[Number(document)];
  return document === '' || root === undefined
    ? undefined
    : offsetOf(yaml, root, rest.map((part) => `/${part}`).join(''));
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

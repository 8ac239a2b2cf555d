/**
 * Files in, files out.
 *
 * W1. A path of a snapshot stays inside of the directory it is written to.
 * W2. A temporary directory is removed however the agent ends: result, fault or signal.
 * W3. A child never outlives its agent: it leads a process group of its own, and the whole group is stopped.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AgentError } from './agent-error.mjs';

/** @typedef {Record<string, string>} Snapshot path (with slashes) → content */

const SKIPPED = new Set(['node_modules', '.git', 'coverage']);
const EXECUTABLE = /^#!/;
const FILES = 200;
const SNAPSHOT_BYTES = 96 * 1024;

/** @type {Set<string>} */
const directories = new Set();
/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();

/** Stops all children and removes all temporary directories, at once. */
export function stopEverything() {
  for (const child of children) stopGroup(child);
  for (const directory of directories) {
    fs.rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }
}

function stopGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

/**
 * @template T
 * @param {(directory: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withTemporaryDirectory(use) {
  const directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'delivery-')));
  directories.add(directory);
  try {
    return await use(directory);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    directories.delete(directory);
  }
}

/** @param {string} name a path of a snapshot */
export function checkPath(name) {
  const bad =
    name === '' ||
    name.includes('\\') ||
    name.includes('\0') ||
    path.posix.isAbsolute(name) ||
    /^[A-Za-z]:/.test(name) ||
    name.split('/').some((part) => part === '' || part === '.' || part === '..');
  if (bad)
    throw new AgentError(`the snapshot has a path that would leave its directory: ${JSON.stringify(name)}`);
  return name;
}

/** Writes a snapshot; files that begin with `#!` become executable. @param {Snapshot} snapshot */
export function writeSnapshot(snapshot, directory) {
  for (const name of Object.keys(snapshot)) checkPath(name);
  for (const [name, content] of Object.entries(snapshot)) {
    const file = path.join(directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    fs.chmodSync(file, modeOf(content));
  }
}

/** @param {string} content */
export const modeOf = (content) => (EXECUTABLE.test(content) ? 0o755 : 0o644);

/** Reads a project as a snapshot, sorted by path. Links, binary files and what is too large are refused. */
export function readSnapshot(directory) {
  if (!fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new AgentError(`there is no project directory ${directory}`);
  }
  const snapshot = /** @type {Snapshot} */ ({});
  let bytes = 0;
  for (const name of listFiles(directory)) {
    const content = fs.readFileSync(path.join(directory, name));
    bytes += content.length;
    const text = content.toString('utf8');
    if (text.includes('\0') || text.includes('\uFFFD'))
      throw new AgentError(`${name} is no text file in UTF-8`);
    snapshot[name] = text;
  }
  if (bytes > SNAPSHOT_BYTES)
    throw new AgentError(`the project has ${bytes} bytes, this pipeline carries ${SNAPSHOT_BYTES}`);
  return snapshot;
}

function listFiles(directory) {
  const found = [];
  const open = [''];
  while (open.length > 0) {
    const at = /** @type {string} */ (open.pop());
    for (const entry of fs.readdirSync(path.join(directory, at), { withFileTypes: true })) {
      const name = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isSymbolicLink())
        throw new AgentError(`${name} is a symbolic link; a snapshot holds plain files only`);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) open.push(name);
      if (entry.isFile()) found.push(checkPath(name));
    }
  }
  if (found.length > FILES)
    throw new AgentError(`the project has ${found.length} files, this pipeline carries ${FILES}`);
  return found.sort();
}

/**
 * Runs a program to its end. Only PATH and HOME come from our own environment, so that a run gives the same
 * wherever it happens; its temporary files go to `temporary`, where they are removed with ours.
 * @param {string[]} argv
 * @param {{ cwd: string, temporary: string, env?: Record<string, string>, timeoutMs?: number }} options
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>}
 */
export function runProgram(argv, { cwd, temporary, env = {}, timeoutMs = 120_000 }) {
  const [command, ...rest] = argv;
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH, HOME, TMPDIR: temporary, TZ: 'UTC', LANG: 'C.UTF-8', NO_COLOR: '1', ...env },
    });
    children.add(child);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stopGroup(child);
    }, timeoutMs);
    const texts = { stdout: '', stderr: '' };
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      child[name].setEncoding('utf8').on('data', (text) => (texts[name] += text));
    }
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      stopGroup(child);
      children.delete(child);
      if (late)
        reject(
          new AgentError(`${path.basename(command)} ${rest.join(' ')} did not end within ${timeoutMs} ms`),
        );
      else resolve({ code, ...texts });
    });
  });
}

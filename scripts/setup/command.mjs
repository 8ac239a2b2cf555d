import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const TAIL_LINES = 20;

/**
 * Runs a command without input and collects what it says. Never rejects: a command that cannot be started has the code 127.
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk) => (output += chunk);
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.once('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}\n` }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** As `run`, and keeps the whole output in `.multiswarm/logs/setup.log`. */
export async function runLogged(root, command, args, options) {
  const result = await run(command, args, { cwd: root, ...options });
  const logs = join(root, '.multiswarm', 'logs');
  mkdirSync(logs, { recursive: true });
  const head = `\n[${new Date().toISOString()}] ${[command, ...args].join(' ')} -> ${result.code}\n`;
  appendFileSync(join(logs, 'setup.log'), head + result.output);
  return result;
}

/** The last lines, without the empty ones. */
export function tail(output, lines = TAIL_LINES) {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lines)
    .join('\n');
}

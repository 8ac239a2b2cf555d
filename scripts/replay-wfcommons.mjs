#!/usr/bin/env node
/**
 * Runs WfCommons instances through `swarmctl workflow run --format wfcommons FILE --wait -o json` against a running
 * deployment, then checks each run against the instance's own parents, from the event history.
 *
 *   node scripts/replay-wfcommons.mjs [--time-scale N] FILE...
 *
 * Prints one JSON line per file; exit code 1 when any run failed or was out of order. MULTISWARM_URL names the
 * orchestrator (default http://127.0.0.1:8080).
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { heldMs, orderFaults, parentsOf } from './wfcommons/order.mjs';

const url = process.env.MULTISWARM_URL ?? 'http://127.0.0.1:8080';
const swarmctl = join(import.meta.dirname, '..', 'apps', 'cli', 'bin', 'swarmctl.js');

const { values, positionals } = parseArgs({
  options: { 'time-scale': { type: 'string' } },
  allowPositionals: true,
});
if (positionals.length === 0) {
  console.error('usage: node scripts/replay-wfcommons.mjs [--time-scale N] FILE...');
  process.exit(2);
}

for (const file of positionals) {
  const result = await replay(file);
  console.log(JSON.stringify(result));
  if (result.state !== 'succeeded' || result.faults.length > 0) process.exitCode = 1;
}

async function replay(file) {
  const scale = values['time-scale'] === undefined ? [] : ['--time-scale', values['time-scale']];
  const started = performance.now();
  const run = await runCli([
    'workflow',
    'run',
    '--format',
    'wfcommons',
    file,
    '--wait',
    '-o',
    'json',
    ...scale,
  ]);
  const wallMs = Math.round(performance.now() - started);
  const name = basename(file);
  if (run.code > 1) return { file: name, state: 'refused', exit: run.code, faults: [run.stderr.trim()] };
  const workflow = JSON.parse(run.stdout);
  const { items } = await (await fetch(`${url}/v1/workflows/${workflow.id}/events`)).json();
  const parents = parentsOf(JSON.parse(readFileSync(file, 'utf8')));
  const faults = orderFaults(parents, items, stepNames(workflow, parents));
  const counted =
    workflow.steps.length === parents.size
      ? []
      : [`${workflow.steps.length} steps for ${parents.size} tasks`];
  return {
    file: name,
    id: workflow.id,
    state: workflow.state,
    exit: run.code,
    steps: workflow.steps.length,
    edges: [...parents.values()].reduce((sum, list) => sum + list.length, 0),
    makespanMs: Date.parse(workflow.endedAt) - Date.parse(workflow.createdAt),
    heldMs: heldMs(items),
    wallMs,
    faults: [...counted, ...faults],
  };
}

/** Steps are listed in the order of the instance's tasks, so that renamed ids can be told. */
function stepNames(workflow, parents) {
  const steps = workflow.steps.map((step) => step.id);
  const byTask = new Map([...parents.keys()].map((id, index) => [id, steps[index]]));
  return (id) => byTask.get(id) ?? id;
}

function runCli(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [swarmctl, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, MULTISWARM_URL: url },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/**
 * node bench/profile-top.mjs [--top N] FILE.cpuprofile …
 *
 * For each CPU profile: how the time splits, by package and folder, and the functions that took most of it, themselves and
 * with all that they call.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { top: { type: 'string', default: '25' } },
});
if (positionals.length === 0) {
  process.stderr.write('usage: node bench/profile-top.mjs [--top N] FILE.cpuprofile …\n');
  process.exitCode = 2;
}
for (const file of positionals) show(file, Number(values.top));

function show(file, top) {
  const profile = JSON.parse(readFileSync(file, 'utf8'));
  const self = selfTimes(profile);
  const frames = profile.nodes.map(({ id, callFrame }) => ({ callFrame, us: self.get(id) ?? 0 }));
  const total = frames.reduce((sum, { us }) => sum + us, 0);
  const idle = frames
    .filter(({ callFrame }) => callFrame.functionName === '(idle)')
    .reduce((sum, { us }) => sum + us, 0);
  const busy = total - idle;
  process.stdout.write(
    `${basename(file)}: ${ms(total)} ms, of which ${ms(busy)} ms busy (${share(busy, total)})\n`,
  );
  const working = frames.filter(({ callFrame }) => callFrame.functionName !== '(idle)');
  table(
    'by place',
    grouped(working, ({ callFrame }) => placeOf(callFrame)),
    busy,
    top,
  );
  table('by function', grouped(working, nameOf), busy, top);
  table('by function, with all that it calls', inclusive(profile, self), busy, top);
}

/** A function that is on the stack twice counts once. */
function inclusive({ nodes }, self) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const times = new Map();
  const visit = (node, stack) => {
    const name = nameOf(node);
    const fresh = !stack.has(name);
    if (fresh) stack.add(name);
    const us = self.get(node.id) ?? 0;
    if (us > 0) for (const each of stack) times.set(each, (times.get(each) ?? 0) + us);
    for (const child of node.children ?? []) visit(byId.get(child), stack);
    if (fresh) stack.delete(name);
  };
  visit(nodes[0], new Set());
  return [...times].filter(([name]) => !/^\((root|idle|program)\)/.test(name)).sort(([, a], [, b]) => b - a);
}

/** Microseconds between a sample and the next belong to the function that the sample has caught. */
function selfTimes({ samples, timeDeltas }) {
  const times = new Map();
  samples.forEach((id, at) => times.set(id, (times.get(id) ?? 0) + Math.max(0, timeDeltas[at + 1] ?? 0)));
  return times;
}

function grouped(frames, keyOf) {
  const groups = new Map();
  for (const frame of frames) groups.set(keyOf(frame), (groups.get(keyOf(frame)) ?? 0) + frame.us);
  return [...groups].filter(([, us]) => us > 0).sort(([, a], [, b]) => b - a);
}

function table(title, rows, busy, top) {
  process.stdout.write(`  ${title}\n`);
  for (const [name, us] of rows.slice(0, top))
    process.stdout.write(`  ${ms(us).padStart(8)} ms ${share(us, busy).padStart(6)}  ${name}\n`);
}

function nameOf({ callFrame: { functionName, url, lineNumber } }) {
  const name = functionName || '(anonymous)';
  return url ? `${name}  ${shortened(url)}:${lineNumber + 1}` : name;
}

/** A package, or a folder of ours. */
function placeOf({ url, functionName }) {
  if (!url) return functionName.startsWith('(') ? functionName : 'V8 and native code';
  if (url.startsWith('node:')) return 'node';
  const path = shortened(url);
  const [, installed] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return installed ?? path.replace(/\/[^/]+$/, '');
}

function shortened(url) {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const own = /(?:libs|services|apps|bench)\/.*/.exec(path);
  const installed = /node_modules\/(?!\.pnpm)[^:]*$/.exec(path);
  return (installed ?? own)?.[0] ?? path;
}

function ms(us) {
  return (us / 1_000).toFixed(1);
}

function share(part, whole) {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}

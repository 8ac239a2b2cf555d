/**
 * Loads TypeScript for the simulation, and, where mutants are asked for, with their faults put in. The files on disk stay
 * as they are: only the text on its way into this process is changed.
 *
 * M1. A mutant whose text is not found exactly once is refused: it would test nothing.
 * M2. Whatever loads a changed file, at any distance, is loaded anew; all else stays, so that it need not be compiled and warmed up again.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join, sep } = require('node:path');
const { transformSync } = require('@swc/core');

const ROOT = join(__dirname, '..');
const OPTIONS = {
  swcrc: false,
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

const compiled = new Map();
let patches = [];
let applied = new Set();

Module._extensions['.ts'] = (module, filename) => {
  const source = patched(filename, readFileSync(filename, 'utf8'));
  const key = `${filename}\0${source}`;
  let code = compiled.get(key);
  if (code === undefined) {
    ({ code } = transformSync(source, { ...OPTIONS, filename }));
    compiled.set(key, code);
  }
  module._compile(code, filename);
};

function patched(filename, source) {
  let text = source;
  for (const patch of patches) {
    if (join(ROOT, patch.file) !== filename) continue;
    const parts = text.split(patch.find);
    if (parts.length !== 2)
      throw new Error(
        `${patch.file} has ${parts.length - 1} places with the text that a mutant replaces:\n${patch.find}`,
      );
    text = parts.join(patch.replace);
    applied.add(patch);
  }
  return text;
}

/** Loads `path` (from the root) with these faults, and without those of the last time. */
function loadWith(path, faults) {
  forget([...patches, ...faults].map(({ file }) => join(ROOT, file)));
  delete require.cache[join(ROOT, path)];
  patches = faults;
  applied = new Set();
  const loaded = require(join(ROOT, path));
  const missed = patches.find((patch) => !applied.has(patch));
  if (missed)
    throw new Error(`${missed.file} is not part of the simulation, and a mutant wants to change it`);
  return loaded;
}

/** M2: takes these files out of what is loaded, and all that loaded one of them. */
function forget(files) {
  const forgotten = new Set(files);
  const own = Object.entries(require.cache).filter(
    ([file]) => file.startsWith(ROOT + sep) && file.endsWith('.ts') && !file.includes('node_modules'),
  );
  let before;
  do {
    before = forgotten.size;
    for (const [file, { children }] of own)
      if (children.some(({ filename }) => forgotten.has(filename))) forgotten.add(file);
  } while (forgotten.size > before);
  for (const file of forgotten) delete require.cache[file];
}

module.exports = { loadWith };

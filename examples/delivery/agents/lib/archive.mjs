/** A package as npm packs it, with the same bytes for the same content wherever and whenever it is made. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { create, extract } from 'tar';
import { modeOf, writeSnapshot } from './workspace.mjs';

/** The time that npm gives every packed file: some tools refuse the year 1970. */
const PACKED_AT = new Date('1985-10-26T08:15:00.000Z');

export const sha256 = (content) => createHash('sha256').update(content).digest('hex');

/** Files that npm would publish: package.json, README, LICENSE and what `files` names. */
export function publishedFiles(snapshot, manifest) {
  const listed = (manifest.files ?? ['']).map((name) => name.replace(/^\.?\/|\/$/g, ''));
  const always = /^(package\.json|readme(\.[a-z]+)?|licen[cs]e(\.[a-z]+)?)$/i;
  return Object.keys(snapshot)
    .filter(
      (file) =>
        always.test(file) ||
        listed.some((name) => name === '' || file === name || file.startsWith(`${name}/`)),
    )
    .sort();
}

/** @param {Record<string, string>} files */
export function describeFiles(files) {
  return Object.entries(files).map(([file, content]) => ({
    path: file,
    bytes: Buffer.byteLength(content),
    mode: modeOf(content).toString(8).padStart(4, '0'),
    sha256: sha256(content),
  }));
}

/** @param {Record<string, string>} files @param {string} directory temporary @param {string} target */
export async function pack(files, directory, target) {
  const staged = path.join(directory, 'staged');
  writeSnapshot(
    Object.fromEntries(Object.entries(files).map(([file, content]) => [`package/${file}`, content])),
    staged,
  );
  const names = Object.keys(files)
    .sort()
    .map((file) => `package/${file}`);
  const options = {
    cwd: staged,
    file: target,
    gzip: { level: 9 },
    portable: true,
    noPax: true,
    mtime: PACKED_AT,
    noDirRecurse: true,
  };
  await create(options, names);
}

/** @returns {Promise<string>} the directory of the unpacked package */
export async function unpack(archive, directory) {
  fs.mkdirSync(directory);
  await extract({ file: archive, cwd: directory, strict: true, preserveOwner: false });
  return path.join(directory, 'package');
}

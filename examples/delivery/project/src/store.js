'use strict';

/** Links kept in one JSON file, newest first. */
const fs = require('fs'),
  path = require('path'),
  util = require('util');
const { fingerprint } = require('./fingerprint');

const exists = util.promisify(fs.exists);
const DEFAULTS = { tags: [], note: '' };

/** Calls back with `(error, links)`; a file that is not there yet is an empty store. */
function load(file, callback) {
  fs.exists(file, function (found) {
    if (!found) return callback(null, []);
    fs.readFile(file, 'utf8', (error, text) => {
      if (error) return callback(error);
      try {
        const links = JSON.parse(text);
        if (!util.isArray(links)) throw new Error('a store holds a list');
        callback(null, links);
      } catch (fault) {
        callback(new Error(`${file} is no store: ${fault.message}`));
      }
    });
  });
}

/** A store over `file`: `list()`, `add(link)`, `remove(href)`; each returns a promise. */
function openStore(file) {
  const list = () => util.promisify(load)(path.resolve(file));

  async function save(links) {
    const directory = path.dirname(path.resolve(file));
    if (!(await exists(directory))) fs.mkdirSync(directory, { recursive: true });
    const draft = `${file}.${process.pid}.tmp`;
    fs.writeFileSync(draft, JSON.stringify(links, null, 2) + '\n');
    fs.renameSync(draft, file);
  }

  async function add(link) {
    const entry = util._extend(util._extend({}, DEFAULTS), link);
    entry.id = fingerprint(entry.href);
    const others = (await list()).filter(({ id }) => id !== entry.id);
    await save([entry, ...others]);
    return entry;
  }

  async function remove(href) {
    const links = await list();
    const kept = links.filter(({ id }) => id !== fingerprint(href));
    if (kept.length !== links.length) await save(kept);
    return kept.length !== links.length;
  }

  return { list, add, remove };
}

module.exports = { openStore };

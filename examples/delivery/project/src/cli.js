'use strict';

/** The command line: `run(argv, out)` gives the exit code, so that tests need no process. */
const fs = require('fs');
const { cleanUrl, resolveLinks, extractLinks, topPaths, openStore, toRss, formatTable } = require('./index');
const { version } = require('../package.json');

const USAGE = 'usage: linktrail clean|resolve|links|top|add|feed ... (see the README)';

/** `['a', '--limit', '3', '--all=no']` as `{ words: ['a'], flags: { limit: '3', all: 'no' } }`. */
function parseArguments(argv) {
  const words = [];
  const flags = {};
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index];
    if (word.substr(0, 2) !== '--') {
      words.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    if (equals > 0) flags[word.substr(2, equals - 2)] = word.substr(equals + 1);
    else flags[word.substr(2)] = argv[(index += 1)];
  }
  return { words, flags };
}

const COMMANDS = {
  clean: (links) => links.map(cleanUrl).join('\n'),
  resolve: ([base, ...links]) => resolveLinks(base, links).join('\n'),
  links: ([file], { base }) =>
    extractLinks(fs.readFileSync(file, 'utf8'), base)
      .map(({ href }) => href)
      .join('\n'),
  top: ([file], { limit }) => formatTable(topPaths(fs.readFileSync(file, 'utf8'), Number(limit) || 10)),
  add: async ([file, href, title]) => (await openStore(file).add({ href, title })).id,
  feed: async ([file], { site, title }) => toRss(await openStore(file).list(), { site, title }).trimEnd(),
};

/** Runs one command. Data goes to `out.stdout`, trouble to `out.stderr`; 0 success, 1 failure, 2 wrong usage. */
async function run(argv, out = process) {
  if (argv[0] === '--version') {
    out.stdout.write(`${version}\n`);
    return 0;
  }
  const [name, ...rest] = argv;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const { words, flags } = parseArguments(rest);
  if (!command || words.length === 0) {
    out.stderr.write(`${USAGE}\n`);
    return 2;
  }
  try {
    out.stdout.write(`${await command(words, flags)}\n`);
    return 0;
  } catch (error) {
    out.stderr.write(`linktrail: ${error.message}\n`);
    return 1;
  }
}

module.exports = { run, parseArguments };

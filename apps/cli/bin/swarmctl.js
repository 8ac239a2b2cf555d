#!/usr/bin/env node
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const OLDEST_NODE = [20, 19];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const built = join(__dirname, '..', 'dist', 'main.js');

if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  console.error(
    `error: swarmctl needs Node.js ${OLDEST_NODE.join('.')} or newer, this is ${process.versions.node}`,
  );
  process.exitCode = 2;
} else if (!existsSync(built)) {
  console.error('error: swarmctl is not built yet: run `npm start` (or `node scripts/setup.mjs`) once');
  process.exitCode = 2;
} else {
  require(built);
}

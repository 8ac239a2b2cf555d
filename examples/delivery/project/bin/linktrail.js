#!/usr/bin/env node
'use strict';

require('../src/cli')
  .run(process.argv.slice(2))
  .then((code) => {
    process.exitCode = code;
  });

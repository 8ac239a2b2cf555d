/**
 * Goes into each service with `--require`: on SIGUSR2 it collects garbage and tells on stderr, in a line like those of the
 * log, what is left.
 */
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('SIGUSR2', () => {
  collect();
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.stderr.write(`${JSON.stringify({ level: 'probe', message: 'memory', heapUsed, external, rss })}\n`);
});

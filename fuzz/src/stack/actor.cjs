/**
 * A swarm as a process of its own, under attack: it would run anything, nobody places anything on it (it advertises a type that
 * no task has), and it tells on stderr, in a line like those of the log, what it runs.
 */
const { createSwarm } = require('@multiswarm/sdk');

const [servers, id, region] = process.argv.slice(2);
const tell = (line) => process.stderr.write(`${JSON.stringify(line)}\n`);
const swarm = createSwarm({ servers, id, region, slots: 10_000, types: ['nothing-has-this-type'] });

swarm.handle('*', (input, { task, output }) => {
  output('running');
  tell({ level: 'ran', message: 'ran', taskId: task.id, attempt: task.attempt });
  return input;
});
swarm.messages.on('*', () => undefined);
swarm.start().then(
  () => tell({ level: 'info', message: 'listening' }),
  (error) => {
    tell({ level: 'error', message: String(error) });
    process.exit(1);
  },
);

import { connect } from '@nats-io/transport-node';

/**
 * Reads every request as JSON and prints an answer, through the NATS client alone: on one subject what it was sent, on another one
 * always the same object.
 */
async function main(): Promise<void> {
  const connection = await connect({ servers: process.env['NATS_URL'] ?? '', noAsyncTraces: true });
  const answer = JSON.parse(process.env['BENCH_ANSWER'] ?? '{}') as object;
  connection.subscribe(process.env['BENCH_ECHO'] ?? '', {
    callback: (_error, message) => void message.respond(JSON.stringify(JSON.parse(message.string()))),
  });
  connection.subscribe(process.env['BENCH_SAME'] ?? '', {
    callback: (_error, message) => {
      if (typeof JSON.parse(message.string()) === 'object') message.respond(JSON.stringify(answer));
    },
  });
  await connection.flush();
  process.send?.('ready');
  process.once('SIGTERM', () => void connection.close().then(() => process.exit(0)));
}

process.once('disconnect', () => process.exit(1));
void main();

import { connect } from '@nats-io/transport-node';

/** Answers every request with what it was sent, read and printed, through the NATS client alone. */
async function main(): Promise<void> {
  const connection = await connect({ servers: process.env['NATS_URL'] ?? '', noAsyncTraces: true });
  connection.subscribe(process.env['BENCH_SUBJECT'] ?? '', {
    callback: (_error, message) => void message.respond(JSON.stringify(JSON.parse(message.string()))),
  });
  await connection.flush();
  process.send?.('ready');
  process.once('SIGTERM', () => void connection.close().then(() => process.exit(0)));
}

process.once('disconnect', () => process.exit(1));
void main();

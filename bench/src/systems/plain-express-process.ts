import type { AddressInfo } from 'node:net';
import express from 'express';

/** Answers every POST with the same object, printed each time, after reading its JSON: express as it comes. */
function main(): void {
  const answer = JSON.parse(process.env['BENCH_ANSWER'] ?? '{}') as object;
  const app = express();
  app.use(express.json());
  app.post('/v1/route', (request, response) => {
    response.json(typeof request.body === 'object' ? answer : {});
  });
  const server = app.listen(0, '127.0.0.1', () => {
    // A TCP server that listens has an AddressInfo; strings are for pipes.
    process.send?.({ port: (server.address() as AddressInfo).port });
  });
  process.once('SIGTERM', () => process.exit(0));
}

process.once('disconnect', () => process.exit(1));
main();

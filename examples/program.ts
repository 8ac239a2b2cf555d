import { ERRORS, MultiswarmError } from '@multiswarm/contracts';
import { WorkflowFailedError } from '@multiswarm/sdk';

/** Where the system is: MULTISWARM_URL and NATS_URL, or where `npm start` puts it. */
export const addresses = {
  url: process.env['MULTISWARM_URL'] || 'http://127.0.0.1:8080',
  servers: process.env['NATS_URL'] || 'nats://127.0.0.1:4222',
};

/** Runs an example; what goes wrong is one line on stderr, and the exit code that the catalogue of errors gives it. */
export function runProgram(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof WorkflowFailedError) {
      for (const { id, error: why } of error.steps)
        if (why) console.error(`  ${id}: ${why.message} (${why.code})`);
    }
    const known = error instanceof MultiswarmError ? error.code : undefined;
    if (known === 'bus-unavailable' || known === 'store-unavailable')
      console.error('hint: start the system with "npm start", or name it with NATS_URL and MULTISWARM_URL');
    process.exitCode = known === undefined ? 1 : ERRORS[known].exit;
  });
}

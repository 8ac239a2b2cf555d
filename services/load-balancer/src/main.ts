import { createRequire } from 'node:module';
import { runService } from '@multiswarm/service';
import { startLoadBalancer } from './start';

const { version } = createRequire(__filename)('../package.json') as { version: string };

void runService({
  name: 'load-balancer',
  version,
  start: async (parts) => {
    const started = await startLoadBalancer(parts, version);
    // What loading has left would else lie there until the heap has doubled, beside all that thousands of swarms say of themselves.
    globalThis.gc?.();
    return started;
  },
  env: process.env,
  argv: process.argv.slice(2),
});

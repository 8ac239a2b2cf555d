import { createRequire } from 'node:module';
import { runService } from '@multiswarm/service';
import { startLoadBalancer } from './start';

const { version } = createRequire(__filename)('../package.json') as { version: string };

void runService({
  name: 'load-balancer',
  version,
  start: (parts) => startLoadBalancer(parts, version),
  env: process.env,
  argv: process.argv.slice(2),
});

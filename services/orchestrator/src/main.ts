import { createRequire } from 'node:module';
import { runService } from '@multiswarm/service';
import { startOrchestrator } from './start';

const { version } = createRequire(__filename)('../package.json') as { version: string };

void runService({
  name: 'orchestrator',
  version,
  start: (parts) => startOrchestrator(parts, version),
  env: process.env,
  argv: process.argv.slice(2),
});

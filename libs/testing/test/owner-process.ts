import { startNats, startRedis } from '@multiswarm/testing';

// Starts two servers, tells who they are, and waits to be killed.
async function main(): Promise<void> {
  const servers = await Promise.all([startNats(), startRedis()]);
  process.stdout.write(`${JSON.stringify(servers.map(({ pid, dir }) => ({ pid, dir })))}\n`);
}

void main();

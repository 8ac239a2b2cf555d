/**
 * Map and reduce over files: does every link of a directory of Markdown lead somewhere? With a system up (`npm start`), in another terminal:
 *
 *   npm run example:map-reduce      or      npm run example:map-reduce -- path/to/directory
 *
 * One step lists the files, each file is read by an item of a map, eight at a time, and a last step holds all links against all headings.
 * A swarm joins from inside this program. NATS_URL and MULTISWARM_URL say where the system is, if not on this machine.
 */
import { resolve } from 'node:path';
import { connect, createSwarm } from '@multiswarm/sdk';
import { check, linkCheck, list, read } from './map-reduce/link-check';
import { deadLinks, listPages, readPage } from './map-reduce/pages';
import { addresses, runProgram } from './program';

const swarm = createSwarm({
  id: `map-reduce-example-${process.pid}`,
  region: 'eu-west',
  slots: 8,
  servers: addresses.servers,
})
  .handle(list, async ({ directory }) => ({ files: await listPages(directory) }))
  .handle(read, ({ directory, file }) => readPage(directory, file))
  .handle(check, async ({ directory, pages }) => ({
    pages: pages.length,
    links: pages.reduce((sum, page) => sum + page.links.length, 0),
    dead: await deadLinks(directory, pages),
  }));

async function main(): Promise<void> {
  const directory = resolve(process.argv[2] ?? 'docs');
  const client = await connect({ url: addresses.url });
  try {
    await swarm.start();
    const run = await client.submitWorkflow(linkCheck.submission({ directory }));
    console.log(`Workflow submitted: ${run.id}`);
    const { check: found } = await run.result({ timeoutMs: 60_000 });
    for (const { file, line, target, why } of found.dead) console.log(`  ${file}:${line}: ${target}: ${why}`);
    console.log(`${found.pages} pages, ${found.links} links, ${found.dead.length} of them dead`);
    if (found.dead.length > 0) process.exitCode = 1;
  } finally {
    await swarm.stop();
    await client.close();
  }
}

runProgram(main);

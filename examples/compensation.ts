/**
 * What was done is undone: a release changes two files, seals them and publishes; where the last step fails, the others are taken back, the last
 * one first. With a system up (`npm start`), in another terminal:
 *
 *   npm run example:compensation
 *
 * Ann and Bob both release version 1.5.0 of the same library from copies of their own. One version is published once, so Bob's release
 * fails, and his copy is as it was before. A swarm joins from inside this program. NATS_URL and MULTISWARM_URL say where the system is.
 */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createSwarm, NonRetryableError, type Client } from '@multiswarm/sdk';
import { bump, note, publish, release, restore, seal, sealOff } from './compensation/release';
import { edit, hashesOf, undoEdit, withNote, withVersion } from './compensation/working-copy';
import { addresses, runProgram } from './program';

const LIBRARY = join(__dirname, 'delivery', 'project');
const VERSION = '1.5.0';

const swarm = createSwarm({
  id: `compensation-example-${process.pid}`,
  region: 'eu-west',
  slots: 2,
  servers: addresses.servers,
})
  .handle(bump, ({ copy, version }) =>
    edit(join(copy, 'package.json'), (manifest) => withVersion(manifest, version)),
  )
  .handle(note, ({ copy, version, text }) =>
    edit(join(copy, 'CHANGELOG.md'), (changelog) => withNote(changelog, version, text)),
  )
  .handle(seal, async ({ copy }) => {
    const file = join(copy, 'SHA256SUMS.json');
    const files = await hashesOf(copy);
    await writeFile(file, `${JSON.stringify(files, null, 2)}\n`);
    return { file, files: Object.keys(files).length };
  })
  .handle(publish, async ({ copy, registry, version }) => {
    const shelf = join(registry, version);
    await mkdir(shelf).catch(() => {
      throw new NonRetryableError('already-published', `${version} is in the registry already`);
    });
    await cp(copy, shelf, { recursive: true });
    return { shelf };
  })
  .handle(restore, (change) => undoEdit(change))
  .handle(sealOff, async ({ file }) => {
    await rm(file, { force: true });
    return { file };
  });

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'compensation-example-'));
  const client = await connect({ url: addresses.url });
  try {
    await swarm.start();
    const registry = join(directory, 'registry');
    await mkdir(registry);
    for (const person of ['ann', 'bob']) await releaseOf(person, join(directory, person), registry, client);
  } finally {
    await swarm.stop();
    await client.close();
    await rm(directory, { recursive: true });
  }
}

async function releaseOf(person: string, copy: string, registry: string, client: Client): Promise<void> {
  await cp(LIBRARY, copy, { recursive: true });
  await writeFile(join(copy, 'CHANGELOG.md'), '# Changelog\n');
  const before = JSON.stringify(await hashesOf(copy));
  const text = `Links are cleaned twice as fast, says ${person}.`;
  const run = await client.submitWorkflow(release.submission({ copy, registry, version: VERSION, text }));
  console.log(`Workflow of ${person} submitted: ${run.id}`);
  // It fails for one of them; what is to be seen then is how.
  await run.result({ timeoutMs: 60_000 }).catch(() => undefined);
  const { state, steps } = await run.get();
  const inOrder = steps.toSorted((a, b) => (a.endedAt ?? '').localeCompare(b.endedAt ?? ''));
  for (const { id, state: of, error } of inOrder)
    console.log(`  ${id}: ${of}${error ? `, ${error.message}` : ''}`);
  const isAsBefore = JSON.stringify(await hashesOf(copy)) === before;
  console.log(`Workflow ${state}; the copy of ${person} is ${isAsBefore ? 'as it was' : 'changed'}`);
}

runProgram(main);

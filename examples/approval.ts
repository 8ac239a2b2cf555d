/**
 * A person decides: release notes are drafted from a changelog, somebody reads them, and only then are they published. With a system
 * up (`npm start`), in another terminal:
 *
 *   npm run example:approval      or      npm run example:approval -- path/to/CHANGELOG.md
 *
 * The program shows the draft and waits; a third terminal answers with `swarmctl workflow approve` or `reject`. A swarm joins from
 * inside this program. NATS_URL and MULTISWARM_URL say where the system is, if not on this machine.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { connect, createSwarm, NonRetryableError, type Client, type WorkflowHandle } from '@multiswarm/sdk';
import { draft, Notes, publish, releaseNotes } from './approval/release-notes';
import { draftNotes } from './approval/draft-notes';
import { addresses, runProgram } from './program';

const RELEASES = join('.multiswarm', 'releases');

const swarm = createSwarm({
  id: `approval-example-${process.pid}`,
  region: 'eu-west',
  slots: 1,
  servers: addresses.servers,
})
  .handle(draft, async ({ changelog }) => {
    const notes = draftNotes(await readFile(changelog, 'utf8'));
    if (notes === undefined)
      throw new NonRetryableError('nothing-new', `${changelog} has nothing under "Unreleased"`);
    return notes;
  })
  .handle(publish, async ({ run, notes, approvedBy, remark }) => {
    const directory = join(RELEASES, run);
    const file = join(directory, 'NOTES.md');
    const seal = `Approved by ${approvedBy ?? 'nobody known'}${remark === null ? '' : `: ${remark}`}`;
    await mkdir(directory, { recursive: true });
    await writeFile(file, `${notes.text}\n${seal}\n`);
    return { file };
  });

async function main(): Promise<void> {
  const changelog = resolve(process.argv[2] ?? 'CHANGELOG.md');
  const client = await connect({ url: addresses.url });
  try {
    await swarm.start();
    const run = await client.submitWorkflow(releaseNotes.submission({ changelog }));
    console.log(`Workflow submitted: ${run.id}`);
    await showDraft(client, run);
    const { publish: published } = await run.result();
    console.log(`Published: ${published.file}`);
  } finally {
    await swarm.stop();
    await client.close();
  }
}

/** Once it is written. A run whose draft has failed has an end, and says why there. */
async function showDraft(client: Client, run: WorkflowHandle<unknown>): Promise<void> {
  for await (const { type, step, taskId } of run.events()) {
    if (step !== 'draft' || type !== 'task.succeeded' || taskId === undefined) continue;
    const { text, changes } = Notes.parse((await client.getTask(taskId)).output);
    console.log(`\n${text}\n${changes} changes wait for somebody who approves them:`);
    console.log(`  npx swarmctl workflow approve ${run.id} review --note "well done"`);
    console.log(`  npx swarmctl workflow reject ${run.id} review --note "too long"`);
    return;
  }
}

runProgram(main);

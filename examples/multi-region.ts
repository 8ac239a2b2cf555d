/**
 * A deployment over two regions, and what becomes of it when one of them is cut off. It needs no running system: it starts a hub and two
 * regions on this machine, each region with a nats-server and a communicator of its own.
 *
 *   npm run example:multi-region      or      npm run example:multi-region -- path/to/markdown
 *
 * A desk in us-east sends every page of a directory to a surveyor in eu-west. After a third of them the line to eu-west is cut, and stays cut for
 * another third. eu-west goes on inside itself; what is for it waits in us-east, and arrives when the line is back: each page once, in order.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, createSwarm, type Swarm } from '@multiswarm/sdk';
import { listPages, readPage } from './map-reduce/pages';
import { startDeployment, type Region } from './multi-region/deployment';
import { runProgram } from './program';

const HERE = 'us-east';
const THERE = 'eu-west';
const PATIENCE_MS = 30_000;
const LOOK_MS = 100;

interface Surveyed {
  [field: string]: string | number;
  file: string;
  headings: number;
  links: number;
}

function swarmIn(region: Region, role: string): Swarm {
  const swarm = createSwarm({
    ...{ id: `${region.name}-${role}`, region: region.name, slots: 1, servers: region.nats },
    handleSignals: false,
  });
  return swarm.handle('where-am-i', () => ({ region: region.name }));
}

/** A swarm that enters pages into the survey of whoever sends them; a page that comes twice has one effect. */
function surveyorIn(region: Region): Swarm {
  const swarm = swarmIn(region, 'surveyor');
  swarm.messages.onExactlyOnce<Surveyed[]>(
    'page',
    () => [],
    (pages, { data }) => [...pages, data as Surveyed],
  );
  return swarm;
}

async function survey(desk: Swarm, directory: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const { anchors, links } = await readPage(directory, file);
    const data: Surveyed = { file, headings: anchors.length, links: links.length };
    const to = `${THERE}-surveyor`;
    await desk.messages.send({ to, kind: 'page', data, qos: 'exactly-once', conversation: desk.id });
  }
}

async function surveyed(surveyor: Swarm, desk: Swarm): Promise<Surveyed[]> {
  return (await surveyor.messages.state<Surveyed[]>(desk.id)) ?? [];
}

async function until(what: string, happens: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await happens()); waitedMs += LOOK_MS) {
    if (waitedMs > PATIENCE_MS) throw new Error(`${what}: not within ${PATIENCE_MS / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function isHeard(region: Region, other: string): Promise<boolean> {
  return (await region.domains()).some(({ domain, state }) => domain === other && state === 'heard');
}

async function main(): Promise<void> {
  const pages = process.argv[2] ?? join(__dirname, '..', 'docs');
  const files = await listPages(pages);
  const third = Math.ceil(files.length / 3);
  const directory = join(__dirname, '..', '.multiswarm', `multi-region-${process.pid}`);
  const deployment = await startDeployment([HERE, THERE], directory);
  const [us, eu] = deployment.regions as [Region, Region]; // as many as were named
  const [desk, deskThere, surveyor] = [swarmIn(us, 'desk'), swarmIn(eu, 'desk'), surveyorIn(eu)];
  const stop = async (): Promise<void> => {
    await Promise.all([desk, deskThere, surveyor].map((swarm) => swarm.stop()));
    await deployment.stop();
  };
  try {
    await until(`${HERE} and ${THERE} hear each other`, () => isHeard(us, THERE));
    await Promise.all([desk, deskThere, surveyor].map((swarm) => swarm.start()));
    console.log(`Regions: ${HERE} and ${THERE}, leaf nodes of a hub`);
    await runTask(deployment.url);

    await survey(desk, pages, files.slice(0, third));
    await until('the first pages', async () => (await surveyed(surveyor, desk)).length === third);
    console.log(`Surveyed in ${THERE}: ${third} of ${files.length} pages`);

    eu.line.cut();
    await until(`${THERE} is cut off`, async () => !(await isHeard(us, THERE)));
    await survey(desk, pages, files.slice(third, 2 * third));
    await survey(deskThere, pages, files.slice(0, third));
    await until('the pages inside', async () => (await surveyed(surveyor, deskThere)).length === third);
    const waiting = (await us.domains()).find(({ domain }) => domain === THERE)?.waiting.messages;
    console.log(`Cut off: ${waiting} messages wait in ${HERE}; ${third} were handled inside ${THERE}`);

    eu.line.heal();
    await survey(desk, pages, files.slice(2 * third));
    await until('all pages', async () => (await surveyed(surveyor, desk)).length >= files.length);
    report(files, await surveyed(surveyor, desk));
    await stop();
    await rm(directory, { recursive: true });
  } finally {
    await stop();
  }
}

/** The orchestrator is at the hub, and its tasks run in the regions. */
async function runTask(url: string): Promise<void> {
  const client = await connect({ url });
  try {
    const run = await client.submit('where-am-i', {}, { requires: { region: THERE } });
    const { region } = (await run.result({ timeoutMs: PATIENCE_MS })) as { region: string };
    console.log(`Task ${run.id} ran in ${region}`);
  } finally {
    await client.close();
  }
}

function report(files: readonly string[], found: readonly Surveyed[]): void {
  const inOrder = found.length === files.length && found.every(({ file }, index) => file === files[index]);
  if (!inOrder) throw new Error(`${found.length} of ${files.length} pages, or not in their order`);
  const sum = (field: 'headings' | 'links'): number => found.reduce((all, page) => all + page[field], 0);
  console.log(`Healed: all ${files.length} pages in ${THERE}, each once and in order`);
  console.log(`Survey: ${sum('headings')} headings, ${sum('links')} links`);
}

runProgram(main);

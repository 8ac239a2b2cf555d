/**
 * A debate with votes: which function of a JavaScript file should be made simpler first? Each member looks at the file in its own way, tells
 * the others what it has found on a topic, and votes. Votes count in the order in which they were stored, and the proposal closes once. With a
 * system up (`npm start`), in another terminal:
 *
 *   npm run example:debate      or      npm run example:debate -- path/to/file.js
 *
 * NATS_URL says where the system is, if not on this machine.
 */
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createSwarm, type Swarm } from '@multiswarm/sdk';
import { MultiswarmError } from '@multiswarm/contracts';
import { CRITERIA, candidatesOf, preferred, type Candidate } from './debate/candidates';
import { addresses, runProgram } from './program';

const { servers } = addresses;
const VOTING_MS = 60_000;

interface Argument {
  choice: string;
  because: string;
}

const made = (name: string): Swarm =>
  createSwarm({ id: `${name}-${process.pid}`, region: 'us-east', slots: 1, types: ['none'], servers });

/** Says on the topic what it would choose and why, hears all, and votes for what most have named; in doubt for its own choice. */
async function takePart(member: Swarm, topic: string, argument: Argument, members: number): Promise<string> {
  const heard: Argument[] = [];
  const all = new Promise<void>((resolve) => {
    void member.topics
      .subscribe(topic, { from: 1 }, ({ data }) => {
        heard.push(data as unknown as Argument);
        if (heard.length === members) resolve();
      })
      .then(() => member.topics.publish(topic, { ...argument }));
  });
  await all;
  const votes = (choice: string): number => heard.filter((each) => each.choice === choice).length;
  return heard.reduce((best, { choice }) => (votes(choice) > votes(best) ? choice : best), argument.choice);
}

async function debate(
  chair: Swarm,
  members: readonly Swarm[],
  candidates: readonly Candidate[],
): Promise<void> {
  const proposal = await chair.proposals.make({
    question: 'Which function should be made simpler first?',
    members: members.map(({ id }) => id),
    choices: candidates.map(({ name }) => name),
    rule: 'majority',
    ttlMs: VOTING_MS,
  });
  console.log(`Proposal ${proposal.id}: ${proposal.question}`);
  const topic = `debate.${proposal.id}`;
  const late: string[] = [];
  await Promise.all(
    members.map(async (member, index) => {
      const criterion = CRITERIA[index % CRITERIA.length] ?? CRITERIA[0];
      const argument = preferred(candidates, criterion);
      console.log(`  ${member.id}: ${argument.choice}, ${argument.because}`);
      const choice = await takePart(member, topic, argument, members.length);
      await member.proposals.vote(proposal.id, choice).catch((error: unknown) => {
        if (!(error instanceof MultiswarmError && error.code === 'proposal-closed')) throw error;
        late.push(member.id);
      });
    }),
  );
  const { votes, state, outcome } = await chair.proposals.get(proposal.id);
  votes.forEach(({ member, choice }, index) => console.log(`  vote ${index + 1}: ${member} for ${choice}`));
  for (const member of late) console.log(`  ${member} came when all was decided`);
  console.log(`Outcome: ${outcome ?? 'none'} (${state}, ${votes.length} votes)`);
}

async function main(): Promise<void> {
  const path = process.argv[2] ?? join(__dirname, 'delivery', 'project', 'src', 'urls.js');
  const candidates = candidatesOf(await readFile(path, 'utf8'));
  if (candidates.length < 2) throw new Error(`${relative('.', path)} has no two functions to choose from`);
  const chair = made('chair');
  const members = CRITERIA.map(({ name }) => made(name));
  try {
    await Promise.all([chair, ...members].map((swarm) => swarm.start()));
    await debate(chair, members, candidates);
  } finally {
    await Promise.all([chair, ...members].map((swarm) => swarm.stop()));
  }
}

runProgram(main);

/**
 * Negotiation by resource offers: a lender offers lots of cores at different prices, and several swarms want them at the same moment. Each lot
 * goes to exactly one of them; whoever was too late takes the next one, or goes on with what it has. With a system up (`npm start`), in
 * another terminal:
 *
 *   npm run example:negotiation      or      npm run example:negotiation -- LOTS CLAIMANTS
 *
 * NATS_URL says where the system is, if not on this machine.
 */
import { createSwarm, type BorrowedResources, type Swarm } from '@multiswarm/sdk';
import { MultiswarmError } from '@multiswarm/contracts';
import { addresses, runProgram } from './program';

const { servers } = addresses;
const CORES = 2;

interface Outcome {
  claimant: string;
  borrowed: BorrowedResources | undefined;
  /** Lots that somebody else had by then. */
  lost: number;
}

const made = (name: string, region: string, cpu: number): Swarm =>
  createSwarm({
    ...{ id: `${name}-${process.pid}`, region, slots: 1, types: ['none'], servers },
    resources: { cpu },
  });

/** The cheapest first; one that is taken meanwhile is no error, and the next one is tried. */
async function negotiate(claimant: Swarm, lender: string): Promise<Outcome> {
  const offers = await claimant.offers.list({ lender, state: 'open' });
  let lost = 0;
  for (const { id } of offers.sort((a, b) => a.pricePerHour - b.pricePerHour)) {
    try {
      return { claimant: claimant.id, borrowed: await claimant.offers.claim(id), lost };
    } catch (error) {
      if (!(error instanceof MultiswarmError && error.code === 'offer-taken')) throw error;
      lost += 1;
    }
  }
  return { claimant: claimant.id, borrowed: undefined, lost };
}

function tell({ claimant, borrowed, lost }: Outcome): void {
  const after = lost === 0 ? '' : `, after ${lost} that others had`;
  if (borrowed === undefined) console.log(`  ${claimant}: goes on with its own core${after}`);
  else {
    const { offer, token } = borrowed;
    console.log(`  ${claimant}: ${offer.id} at $${offer.pricePerHour.toFixed(2)} (token ${token})${after}`);
  }
}

/** @throws Error where a lot has gone to two, or to nobody although somebody is without one */
function check(outcomes: readonly Outcome[], lots: number): void {
  const won = outcomes.flatMap(({ borrowed }) => borrowed?.offer.id ?? []);
  if (new Set(won).size !== won.length) throw new Error('a lot has gone to two claimants');
  if (won.length !== Math.min(lots, outcomes.length)) throw new Error('a lot was left over');
}

function count(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (Number.isInteger(value) && value > 0 && value <= 20) return value;
  throw new Error(`"${text}" is no number from 1 to 20`);
}

async function main(): Promise<void> {
  const [lots, claimants] = [count(process.argv[2], 3), count(process.argv[3], 5)];
  const lender = made('lender', 'us-east', lots * CORES);
  const all = Array.from({ length: claimants }, (_, index) => made(`claimant-${index + 1}`, 'eu-west', 1));
  try {
    await Promise.all([lender, ...all].map((swarm) => swarm.start()));
    for (let lot = 1; lot <= lots; lot += 1)
      await lender.offers.make({ resources: { cpu: CORES }, pricePerHour: lot / 10, ttlMs: 60_000 });
    console.log(`${lots} lots of ${CORES} cores, ${claimants} claimants`);
    const outcomes = await Promise.all(all.map((each) => negotiate(each, lender.id)));
    outcomes.forEach(tell);
    check(outcomes, lots);
    const given = outcomes.filter(({ borrowed }) => borrowed !== undefined).length;
    console.log(`Each of ${given} lots has one claimant; ${claimants - given} go on without`);
    await Promise.all(outcomes.map(async ({ borrowed }) => borrowed?.release()));
  } finally {
    await Promise.all([lender, ...all].map((swarm) => swarm.stop()));
  }
}

runProgram(main);

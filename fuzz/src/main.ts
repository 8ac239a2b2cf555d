import type { Finding } from './campaign';
import { readOptions, USAGE, type Options } from './options';
import { Rounds } from './rounds';
import { startSystem } from './stack/system';

/** Of what was refused, at the end: about half a minute. */
const REPETITION = { times: 20, looks: 4 };

/** Rounds until the time is over; resolves with how many different findings there were. */
async function fuzz({ seconds, seed, requests, only, path, verbose }: Options): Promise<number> {
  const system = await startSystem();
  const rounds = await Rounds.open(system);
  const until = performance.now() + seconds * 1000;
  const seen = new Set<string>();
  let round = 0;
  const tell = (findings: readonly Finding[]): void => {
    for (const finding of findings) {
      const kind = `${finding.target} ${finding.fault.replaceAll(/[0-9a-f-]{8,}|\d+/g, '#').slice(0, 120)}`;
      if (seen.has(kind)) continue;
      seen.add(kind);
      process.stdout.write(told(finding, requests));
    }
  };
  const onTarget = verbose
    ? (name: string, ms: number): void => void process.stderr.write(`fuzz: ${name} ${ms} ms\n`)
    : undefined;
  do {
    tell(await rounds.run({ seed: seed + round, requests, only, path, onTarget }));
    round += 1;
    process.stderr.write(`fuzz: round ${round} (seed ${seed + round - 1}), ${seen.size} findings\n`);
  } while (path === undefined && performance.now() < until);
  if (path === undefined) tell(await rounds.leaks(REPETITION, seed, only));
  const targets = rounds.targets(only).length;
  process.stdout.write(
    `${round} rounds of ${requests} requests to each of ${targets} targets from seed ${seed}: ${seen.size} findings, ${rounds.taken} attempts taken; MB held: ${rounds.held}\n`,
  );
  rounds.close();
  await system.stop();
  return seen.size;
}

function told({ target, seed, path, request, fault }: Finding, requests: number): string {
  const where = path === undefined ? '' : ` --path ${path}`;
  const again = `npm run fuzz -- --seed ${seed} --requests ${requests}`;
  const only = request === '' ? '' : ` --only '${target}'`;
  return `${target}\n  ${fault}\n${request === '' ? '' : `  asked: ${request}\n`}  repeat with: ${again}${only}${where}\n\n`;
}

async function main(): Promise<number> {
  let options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`fuzz: ${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  return (await fuzz(options)) === 0 ? 0 : 1;
}

// On its way out the stack ends what it has started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`fuzz: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);

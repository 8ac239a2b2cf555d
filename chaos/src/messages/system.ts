import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats, type TestServer } from '@multiswarm/testing';
import { freePort } from '../system/ports';
import { Program, ROOT } from '../system/program';
import { serviceProgram } from '../system/programs';
import { COMMUNICATORS, HURRIED } from '../system/settings';
import { RECIPIENTS, SENDERS } from './letters';

/** Shorter than shipped: tries are used up, and what nobody acknowledges comes back, within a run. */
const SETTINGS = {
  ...HURRIED.services,
  SHARD_LEASE_MS: '2000',
  MAILBOX_ACK_WAIT_MS: '5000',
  MAILBOX_MAX_ATTEMPTS: '4',
};

export interface MailSystemOptions {
  readonly seed: number;
  /** Where the sizes of messages are. */
  readonly sizes: string;
  /** Pause of a lane between two messages. */
  readonly everyMs: number;
}

/** A nats-server, and what sends, keeps and handles messages as processes. */
export interface MailSystem {
  readonly directory: string;
  /** What senders and recipients note down. */
  readonly records: string;
  readonly nats: TestServer;
  /** By name. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Of the communicators. */
  readonly urls: readonly string[];
  stop(options: { keep: boolean }): Promise<void>;
}

/** Resolves when recipients are known: who sends to nobody is refused. */
export async function startMailSystem(options: MailSystemOptions): Promise<MailSystem> {
  const directory = await mkdtemp(join(tmpdir(), 'multiswarm-messages-'));
  const records = join(directory, 'records');
  mkdirSync(records);
  const nats = await startNats();
  const programs = new Map<string, Program>();
  const stop = async ({ keep }: { keep: boolean }): Promise<void> => {
    await Promise.all([...programs.values()].map((program) => program.stop()));
    await nats.stop();
    if (!keep) await rm(directory, { recursive: true, force: true });
  };
  try {
    const urls: string[] = [];
    for (const name of COMMUNICATORS) {
      const port = await freePort();
      urls.push(`http://127.0.0.1:${port}`);
      const env = { ...SETTINGS, NATS_URL: nats.url };
      programs.set(name, serviceProgram({ name, port, directory, env }));
    }
    const process = (name: string, swarm: string, script: string): void => {
      const env = { CHAOS_PROCESS: name, CHAOS_SWARM: swarm, NATS_URL: nats.url };
      programs.set(name, scriptProgram({ name, script, directory, records, env, options }));
    };
    for (const [swarm, names] of Object.entries(RECIPIENTS))
      for (const name of names) process(name, swarm, 'recipient-process.ts');
    for (const name of SENDERS) process(name, name, 'sender-process.ts');
    await started(programs, COMMUNICATORS);
    await started(programs, Object.values(RECIPIENTS).flat());
    await started(programs, SENDERS);
    return { directory, records, nats, programs, urls, stop };
  } catch (error) {
    await stop({ keep: true });
    throw error;
  }
}

async function started(programs: ReadonlyMap<string, Program>, names: readonly string[]): Promise<void> {
  const those = names.flatMap((name) => programs.get(name) ?? []);
  for (const program of those) program.start();
  await Promise.all(those.map((program) => program.ready()));
}

function scriptProgram({
  name,
  script,
  directory,
  records,
  env,
  options,
}: {
  name: string;
  script: string;
  directory: string;
  records: string;
  env: Readonly<Record<string, string>>;
  options: MailSystemOptions;
}): Program {
  return new Program({
    name,
    // It makes no more of TypeScript than has to be, so that a process is back soon.
    args: ['-r', join(ROOT, 'sim', 'load.cjs'), join(__dirname, script)],
    env: {
      ...env,
      CHAOS_RECORDS: records,
      CHAOS_SEED: String(options.seed),
      CHAOS_SIZES: options.sizes,
      CHAOS_EVERY_MS: String(options.everyMs),
    },
    logFile: join(directory, `${name}.log`),
    isReady: async ({ said }) => said.includes('ready'),
  });
}

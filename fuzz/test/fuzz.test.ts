import { Rounds } from '../src/rounds';
import { startSystem, type System } from '../src/stack/system';
import { listenersOf } from '../src/stack/listeners';
import { listenedSubjects } from '../src/targets/subjects';

let system: System;

beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.stop());

const SERVICES = ['orchestrator', 'load-balancer', 'communicator'];
/** What is asked of NATS itself, and what clients and readers open as they need it. */
const NOT_OURS = /^(\$SRV|_INBOX)/;

test('every subject on which a service listens is attacked, and every one that is attacked is listened on', async () => {
  const { shard, region, replica } = system.known;
  const oneForAll = (subject: string): string =>
    subject
      .replace(/\.shard\.\d+\./, `.shard.${shard}.`)
      .replace(/\.region\.(\*|[\w-]+)\./, `.region.${region}.`)
      .replace('.swarm.*.', `.swarm.${system.known.swarm}.`)
      .replace(/\.replica\.(?!alive)[\w-]+\./, `.replica.${replica}.`);
  const listening = [...(await listenersOf(system.nats, SERVICES))].filter(
    (subject) => !NOT_OURS.test(subject),
  );
  const attacked = (await listenedSubjects(system.known)).map(({ subject }) => subject);
  const onlyStored = `ms.v1.event.${shard}`;
  expect([...new Set(listening.map(oneForAll))].sort()).toEqual(
    attacked.filter((subject) => subject !== onlyStored).sort(),
  );
});

test('no request to any operation or subject makes a service fail, die, leak or store what it refused', async () => {
  const rounds = await Rounds.open(system);
  const findings = await rounds.run({ seed: 1, requests: 12 });
  expect(findings).toEqual([]);
  rounds.close();
});

import { storeMessage } from '@multiswarm/bus';
import { subjects, type JsonValue, type Task } from '@multiswarm/contracts';
import { Accepted } from '../src/invariants/accepted';
import { Runs } from '../src/invariants/runs';
import { strayPayloads } from '../src/invariants/stored-payloads';
import { strayStreams } from '../src/invariants/stored-streams';
import { Rounds } from '../src/rounds';
import { startSystem, type System } from '../src/stack/system';
import { LATEST_EPOCH } from '../src/targets/epochs';
import { listenersOf } from '../src/stack/listeners';
import { ANY_TOKEN, listenedSubjects } from '../src/targets/subjects';

let system: System;

beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.stop());

const LISTENERS = ['orchestrator', 'load-balancer', 'communicator', 'swarm actor'];
/** What is asked of NATS itself, and what clients and readers open as they need it, under names that nobody else knows. */
const NOT_OURS = /^(\$SRV|_INBOX|ms\.v1\.deliver\.)/;

test('every subject on which a service or a swarm listens is attacked, and every one that is attacked is listened on', async () => {
  const { shard, region, replica } = system.known;
  const oneForAll = (subject: string): string =>
    subject
      .replace(/\.shard\.\d+\./, `.shard.${shard}.`)
      .replace(/\.mailbox\.hub\.\d+\./, `.mailbox.hub.${shard}.`)
      .replace(/\.mail-home\.\d+$/, `.mail-home.${shard}`)
      .replace(/\.region\.(\*|[\w-]+)\./, `.region.${region}.`)
      .replace('.swarm.*.', `.swarm.${system.known.swarm}.`)
      .replace(/\.replica\.(?!alive)[\w-]+\./, `.replica.${replica}.`)
      .replaceAll('*', ANY_TOKEN);
  const listening = [...(await listenersOf(system.nats, LISTENERS))].filter(
    (subject) => !NOT_OURS.test(subject),
  );
  const attacked = (await listenedSubjects(system.known)).map(({ subject }) => subject);
  const onlyStored = `ms.v1.event.${shard}`;
  expect([...new Set(listening.map(oneForAll))].sort()).toEqual(
    [...new Set(attacked.filter((subject) => subject !== onlyStored))].sort(),
  );
});

test('no request to any operation or subject makes a service or a swarm fail, die, leak or store what it refused', async () => {
  const rounds = await Rounds.open(system);
  const findings = await rounds.run({ seed: 1, requests: 12 });
  expect(findings).toEqual([]);
  expect(rounds.taken).toBeGreaterThan(2); // not all of it misses the form
  expect(await rounds.leaks({ times: 2, looks: 2 }, 1)).toEqual([]);
  rounds.close();
});

test('a payload, parts of one and words of an attempt that nobody was told of are found', async () => {
  const { client, store, bus } = system;
  const accepted = new Accepted();
  const runs = new Runs(system.shards);
  const before = (await strayPayloads(store, bus, accepted)).length;
  const { id } = await client.payloads.put({ nobody: 'was told of this' });
  await storeMessage(bus.connection, subjects.payloadParts('upload-that-broke-off'), Buffer.from('{'));
  await storeMessage(bus.connection, subjects.attemptStream('t0-99999999', 7), '{}');
  const found = await strayPayloads(store, bus, accepted);
  expect(found).toHaveLength(before + 2);
  expect(found.join()).toContain(id);
  expect(found.join()).toContain('upload-that-broke-off');
  expect(await strayStreams(bus, accepted, runs)).toContainEqual(expect.stringContaining('t0-99999999.7'));
  expect(
    runs.answered({ shard: 0, epoch: LATEST_EPOCH }, [
      { taskId: 't0-99999999', attempt: 7, outcome: 'accepted' },
    ]),
  ).toBe(undefined);
  expect(await strayStreams(bus, accepted, runs)).not.toContainEqual(
    expect.stringContaining('t0-99999999.7'),
  );
});

test('what is strange and allowed comes back as it was given, whichever way it has come', async () => {
  const deep = `${'['.repeat(90)}"\\ud83d"${']'.repeat(90)}`;
  const text = `{"__proto__":{"polluted":1},"constructor":{"prototype":[]},"\\ud800":"\\udfff\\u0000","deep":${deep}}`;
  const input = JSON.parse(text) as JsonValue;
  const metadata = { constructor: '\ud800', toString: 'a\udfff', valueOf: 1 };
  const more = { namespace: 'constructor', metadata, requirements: { capabilities: ['calm'] } };
  const api = `${system.url('orchestrator')}/v1/tasks`;
  const overHttp = await fetch(api, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'echo', input, ...more }),
  });
  const overNats = await system.client.submit('echo', input, more);
  for (const id of [((await overHttp.json()) as { id: string }).id, overNats.id]) {
    const task = (await (await fetch(`${api}/${id}?waitMs=20000`)).json()) as Task;
    expect(task.state).toBe('succeeded');
    expect([JSON.stringify(task.input), JSON.stringify(task.output)]).toEqual([text, text]);
    expect(task.metadata).toEqual(metadata);
    const found = await (await fetch(`${api}?namespace=constructor&label=valueOf%3D1&limit=500`)).text();
    expect(found).toContain(id);
    const events = await (await fetch(`${api}/${id}/events`)).text();
    expect(events).toContain('task.succeeded');
  }
  expect(JSON.stringify(await overNats.result())).toBe(text);
  expect('polluted' in {}).toBe(false);
});

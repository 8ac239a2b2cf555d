import { runCli } from '../src/cli';
import { HttpPeer, sendJson } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(argv: string[], stdin = ''): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_COMMUNICATOR_URL: peer.url }, stdin });
  const code = await runCli(['state', ...argv], io, '0');
  return { code, out: io.out(), err: io.err() };
}

const entry = {
  bucket: 'plan',
  key: 'main',
  revision: 12,
  value: { steps: 3 },
  deleted: false,
  at: '2026-01-02T03:04:05.678Z',
};

test('put sends the value, only over the revision that was read, and prints the new one', async () => {
  peer.json(200, { bucket: 'plan', key: 'main', revision: 13 });
  const { code, out } = await run(
    ['put', 'plan', 'main', '-', '--if-revision', '12', '--namespace', 'shop'],
    '[1]',
  );
  expect([code, out]).toEqual([0, '13\n']);
  expect(peer.seen[0]).toMatchObject({
    ...{ method: 'PUT', path: '/v1/state/plan/main', query: { namespace: 'shop' }, body: '{"value":[1]}' },
    headers: { 'if-match': '"12"' },
  });
});

test('get shows the value with its revision, and asks for earlier ones', async () => {
  peer.json(200, entry);
  const { out } = await run(['get', 'plan', 'main', '--revision', '12']);
  expect(out).toContain('{"steps":3}');
  expect(peer.seen[0]).toMatchObject({ path: '/v1/state/plan/main', query: { revision: '12' } });
});

test('list, history and delete go where they should; a bucket is deleted only after a yes', async () => {
  peer.json(200, { items: ['main'], next: null });
  expect((await run(['list', 'plan', '--filter', 'm*', '-o', 'name'])).out).toBe('main\n');
  peer.json(200, { items: [{ ...entry, history: 8, keys: 1, bytes: 1, replicas: 1, namespace: 'default' }] });
  expect((await run(['list'])).out).toContain('plan');
  peer.json(200, { items: [entry, { ...entry, deleted: true }] });
  expect((await run(['history', 'plan', 'main'])).out).toContain('(deleted)');
  peer.json(200, { bucket: 'plan' });
  expect((await run(['delete', 'plan'])).code).toBe(2);
  expect(peer.seen).toEqual([]);
  expect((await run(['delete', 'plan', '--yes'])).err).toContain('deleted plan');
  await run(['delete', 'plan', 'main']);
  expect(peer.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'DELETE /v1/state/plan',
    'DELETE /v1/state/plan/main',
  ]);
});

test('watch prints each change as it comes, behind the revision that was asked for', async () => {
  peer.answerWith((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: put\nid: 12\ndata: ${JSON.stringify(entry)}\n\n`);
    response.write(`event: delete\nid: 13\ndata: ${JSON.stringify({ ...entry, deleted: true })}\n\n`);
  });
  const { out, code } = await run(['watch', 'plan', 'm.*', '--after', '11', '--timeout', '300ms']);
  expect([code, out]).toEqual([0, 'main {"steps":3}\nmain (deleted)\n']);
  expect(peer.seen[0]).toMatchObject({
    path: '/v1/state/plan/m.*/watch',
    headers: { 'last-event-id': '11' },
  });
});

test('what is refused ends with the exit code of its error', async () => {
  peer.answerWith((_request, response) =>
    sendJson(response, 412, {
      code: 'revision-conflict',
      title: 't',
      detail: 'it was changed since it was read',
    }),
  );
  const { code, err } = await run(['put', 'plan', 'main', '1', '--if-revision', '0']);
  expect(code).toBe(5);
  expect(err).toContain('it was changed since it was read');
});

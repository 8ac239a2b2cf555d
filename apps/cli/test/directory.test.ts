import { runCli } from '../src/cli';
import { HttpPeer } from './support/http-peer';
import { memoryIo } from './support/memory-io';

let peer: HttpPeer;
beforeAll(async () => {
  peer = await HttpPeer.start();
});
afterAll(() => peer.stop());

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ env: { MULTISWARM_COMMUNICATOR_URL: peer.url } });
  const code = await runCli(['directory', ...argv], io, '0');
  return { code, out: io.out(), err: io.err() };
}

const entry = {
  ...{ swarmId: 'a', capabilities: ['llm', 'ocr'], region: 'eu-west', load: 0.25, costPerSlotHour: 2 },
  ...{ attributes: { gb: 80 }, source: 'both', version: '2.1' },
};

test('list asks for what is wanted, and shows load and price', async () => {
  peer.json(200, { items: [entry], next: 'abc' });
  const asked = ['--capability', 'llm,ocr', '--region', 'eu-*', '--region', 'us-*', '--max-load', '0.5'];
  const { out, err, code } = await run(
    ...['list', ...asked, '--max-price', '3', '--version', '2.1', '--sort', 'price'],
    ...['--attribute', 'gb=40', '--attribute', 'text=a,b', '--limit', '1'],
  );
  expect(code).toBe(0);
  expect(out).toMatch(/a\s+eu-west\s+-\s+25%\s+\$?2.*2\.1\s+llm,ocr/);
  expect(err).toContain('--cursor abc');
  const url = new URL(`http://peer${peer.seen[0]!.path}${peer.seen[0]!.search}`);
  expect(url.pathname).toBe('/v1/directory');
  expect([...url.searchParams]).toEqual(
    expect.arrayContaining([
      ...[
        ['capability', 'llm,ocr'],
        ['region', 'eu-*,us-*'],
        ['maxLoad', '0.5'],
        ['maxCostPerSlotHour', '3'],
      ],
      ...[
        ['version', '2.1'],
        ['sort', 'price'],
        ['attribute', 'gb=40'],
        ['attribute', 'text=a,b'],
        ['limit', '1'],
      ],
    ]),
  );
  expect((await run('list', '--attribute', 'gb')).code).toBe(2);
});

test('watch prints who comes, changes and goes', async () => {
  peer.answerWith((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: put\ndata: ${JSON.stringify(entry)}\n\nevent: synced\ndata: {}\n\n`);
    response.write(`event: delete\ndata: {"swarmId":"a"}\n\n`);
  });
  const { out, code } = await run('watch', '--capability', 'llm', '--timeout', '300ms');
  expect([code, out.replaceAll('$', '')]).toEqual([
    0,
    expect.stringMatching(/^\+ a eu-west load 25% cost 2\S* llm,ocr\n- a\n$/),
  ]);
  const lines = (await run('watch', '-o', 'jsonl', '--timeout', '300ms')).out.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).event)).toEqual(['put', 'synced', 'delete']);
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { run } from './run';

let server: Server;
let ready: boolean;

const port = (): string => String((server.address() as AddressInfo).port); // a listening TCP server has an AddressInfo

beforeEach(async () => {
  ready = true;
  server = createServer((request, response) => {
    response.writeHead(request.url === '/health/ready' && ready ? 200 : 503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const check = (): Promise<{ code: number | null; stderr: string }> =>
  run(process.execPath, ['deploy/healthcheck.cjs', 'SOME_PORT'], { SOME_PORT: port() });

describe("the images' health check", () => {
  it('succeeds while the service is ready', async () => {
    expect((await check()).code).toBe(0);
  });

  it('fails while the service says that it is not ready', async () => {
    ready = false;
    expect((await check()).code).toBe(1);
  });

  it('fails and says why when nothing listens', async () => {
    const closed = port();
    await new Promise((resolve) => server.close(resolve));
    const { code, stderr } = await run(process.execPath, ['deploy/healthcheck.cjs', 'SOME_PORT'], {
      SOME_PORT: closed,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('ECONNREFUSED');
    server.listen(0);
  });
});

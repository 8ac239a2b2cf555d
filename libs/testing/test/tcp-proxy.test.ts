import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually, startTcpProxy, type TcpProxy } from '@multiswarm/testing';

let echo: Server;
let proxy: TcpProxy;
const ends: Socket[] = [];
beforeEach(async () => {
  echo = createServer((socket) => {
    ends.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startTcpProxy((echo.address() as AddressInfo).port);
});
afterEach(async () => {
  await proxy.stop();
  for (const socket of ends.splice(0)) socket.destroy();
  echo.close();
  await once(echo, 'close');
});

function open(): Socket {
  return connect(proxy.port, '127.0.0.1').on('error', () => undefined);
}

/** Also after an error, which `once` would throw. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function said(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

test('what is said through it arrives, and so does the answer', async () => {
  const socket = open();
  expect(await said(socket, 'hello')).toBe('hello');
  socket.destroy();
});

test('a cut ends connections on both sides, and every new one, until it is healed', async () => {
  const before = open();
  await said(before, 'hello');
  const [far] = ends;
  if (!far) throw new Error('nobody has reached the server');
  const ended = Promise.all([closed(before), closed(far)]);
  proxy.cut();
  await ended;
  await closed(open());
  expect(ends).toHaveLength(1);
  proxy.heal();
  const after = open();
  expect(await said(after, 'again')).toBe('again');
  after.destroy();
});

test('what is said while it is held up is kept, and arrives when it is healed', async () => {
  const socket = open();
  await said(socket, 'hello');
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  proxy.hold();
  socket.write('are you ');
  await eventually(() => proxy.held === 'are you ');
  socket.write('there');
  await eventually(() => proxy.held === 'are you there');
  expect(heard).toBe('');
  proxy.heal();
  await eventually(() => heard === 'are you there');
  expect(proxy.held).toBe('');
  socket.destroy();
});

test('a server that is not there is a connection that ends', async () => {
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const { port } = nobody.address() as AddressInfo;
  nobody.close();
  await once(nobody, 'close');
  const dead = await startTcpProxy(port);
  await closed(connect(dead.port, '127.0.0.1').on('error', () => undefined));
  await dead.stop();
});

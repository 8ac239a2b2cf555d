import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The line of a region to the hub: what goes over it is passed on, until somebody cuts it. */
export interface Line {
  readonly port: number;
  cut(): void;
  heal(): void;
  stop(): void;
}

/** @param target port of the hub on this machine */
export async function openLine(target: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let whole = true;
  const track = (socket: Socket): void => {
    sockets.add(socket);
    // An error is always followed by "close".
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const cut = (): void => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    track(near);
    if (!whole) return void near.destroy();
    const far = connect({ port: target, host: '127.0.0.1' });
    track(far);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a server on TCP has one
  return {
    port,
    cut,
    heal: () => {
      whole = true;
    },
    stop: () => {
      cut();
      server.close();
    },
  };
}

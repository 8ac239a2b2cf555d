import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Transform, type TransformCallback } from 'node:stream';

/** A way to a server that a test can cut or hold up: for those who take it, the server is gone or silent; for all others it is not. */
export interface TcpProxy {
  /** On 127.0.0.1; the same until `stop`. */
  readonly port: number;
  /** Ends every connection at once, and every new one as soon as it is made. */
  cut(): void;
  /** What is said, either way, gets no further from now on. */
  hold(): void;
  /** What has been said to the server since it is held up. */
  readonly held: string;
  /** New connections reach the server again, and what was held up goes on. */
  heal(): void;
  stop(): Promise<void>;
}

/** One direction of one connection. */
class Lane extends Transform {
  private readonly kept: Buffer[] = [];
  isHeld = false;

  get text(): string {
    return Buffer.concat(this.kept).toString('latin1');
  }

  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
    for (const chunk of this.kept.splice(0)) this.push(chunk);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (!this.isHeld) return done(null, chunk);
    this.kept.push(chunk);
    done();
  }
}

/** @param target port of the server on 127.0.0.1 */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const toServer = new Set<Lane>();
  const fromServer = new Set<Lane>();
  let whole = true;
  let isHeld = false;
  const track = (socket: Socket): void => {
    sockets.add(socket);
    // An error is always followed by "close".
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const lead = (from: Socket, to: Socket, lanes: Set<Lane>): void => {
    const lane = new Lane();
    if (isHeld) lane.hold();
    lanes.add(lane);
    from.once('close', () => lanes.delete(lane));
    from.pipe(lane).pipe(to);
  };
  const server = createServer((near) => {
    track(near);
    if (!whole) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    near.setNoDelay(true);
    track(far);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
    lead(near, far, toServer);
    lead(far, near, fromServer);
  });
  const cut = (): void => {
    whole = false;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    cut,
    hold: () => {
      isHeld = true;
      for (const lane of [...toServer, ...fromServer]) lane.hold();
    },
    get held() {
      return [...toServer].map(({ text }) => text).join('');
    },
    heal: () => {
      whole = true;
      isHeld = false;
      for (const lane of [...toServer, ...fromServer]) lane.release();
    },
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

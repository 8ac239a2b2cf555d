import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A connection to a server that can be told to lose the answers, and then to break: what was asked has been done all the same. */
export class ReplyThief {
  private readonly sockets = new Set<Socket>();
  stealing = false;
  stolenBytes = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client) => this.join(client));
  }

  static async before(target: number): Promise<ReplyThief> {
    const server = createServer();
    const thief = new ReplyThief(server, target);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return thief;
  }

  get port(): number {
    // A TCP server that listens has an AddressInfo; strings are for pipes.
    return (this.server.address() as AddressInfo).port;
  }

  breakConnections(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  async stop(): Promise<void> {
    this.breakConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    const server = connect(this.target, '127.0.0.1');
    client.pipe(server);
    server.on('data', (chunk) => {
      if (this.stealing) this.stolenBytes += chunk.length;
      else client.write(chunk);
    });
    for (const [socket, peer] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => peer.destroy());
    }
  }
}

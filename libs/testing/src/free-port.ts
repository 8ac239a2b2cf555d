import { createServer, type AddressInfo } from 'node:net';

/** A port that was free a moment ago; the caller binds it, or asks again. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      // A TCP server that listens has an AddressInfo; strings are for pipes.
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

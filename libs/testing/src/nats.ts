import { readFile } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exchange } from './exchange';
import { startServer, type ServerKind, type TestServer } from './server-process';

export interface NatsOptions {
  /** Text in the format of nats-server's configuration file, beside host, port and store directory, which are set already. */
  config?: string;
  /** JetStream is on unless this is false. */
  jetstream?: boolean;
}

/** Starts a real nats-server on a free port; resolves when it accepts clients (and JetStream is up). */
export function startNats(options: NatsOptions = {}): Promise<TestServer> {
  return startServer(natsServer(options.config ?? '', options.jetstream ?? true));
}

function natsServer(config: string, jetstream: boolean): ServerKind {
  return {
    binary: 'nats-server',
    scheme: 'nats',
    choosePort: () => Promise.resolve(0),
    args(dir, port) {
      const file = join(dir, 'nats.conf');
      writeFileSync(file, config);
      const store = jetstream ? ['--jetstream', '--store_dir', join(dir, 'jetstream')] : [];
      // -1: the server takes any free port and writes it into a file, so that nobody can take it in between.
      return [
        '--config',
        file,
        '--addr',
        '127.0.0.1',
        '--port',
        String(port || -1),
        '--ports_file_dir',
        dir,
        ...store,
      ];
    },
    async probe(dir, _port, pid) {
      const port = await portOf(dir, pid);
      if (port === undefined) return undefined;
      const info = await exchange(port, '', (reply) => reply.includes('\r\n'));
      return info?.startsWith('INFO ') ? port : undefined;
    },
  };
}

/** The port of the ports file, which carries the process id in its name and is written once the port is bound. */
async function portOf(dir: string, pid: number): Promise<number | undefined> {
  const text = await readFile(join(dir, `nats-server_${pid}.ports`), 'utf8').catch(() => '');
  const match = /"nats":\s*\[\s*"nats:\/\/[^"]*:(\d+)"/.exec(text);
  return match ? Number(match[1]) : undefined;
}

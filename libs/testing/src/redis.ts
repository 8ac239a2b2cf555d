import { exchange } from './exchange';
import { freePort } from './free-port';
import { startServer, type ServerKind, type TestServer } from './server-process';

export interface RedisOptions {
  /** When the append-only file reaches the disk; `always` for tests that kill the server and expect every commit back. */
  appendfsync?: 'always' | 'everysec' | 'no';
  /** What goes beyond a limit of the size of its files (`prlimit --fsize`) is a write that fails, as on a full disk, and not the end of it. */
  survivesFileLimit?: boolean;
}

/** Starts a real redis-server with an append-only file on a free port; resolves when it answers PING. */
export function startRedis(options: RedisOptions = {}): Promise<TestServer> {
  return startServer(redisServer(options));
}

function redisServer({ appendfsync = 'everysec', survivesFileLimit = false }: RedisOptions): ServerKind {
  return {
    binary: 'redis-server',
    ...(survivesFileLimit ? { ignores: ['XFSZ'] } : {}),
    scheme: 'redis',
    choosePort: freePort,
    args(dir, port) {
      const durability = ['--save', '', '--appendonly', 'yes', '--appendfsync', appendfsync];
      return [
        '--bind',
        '127.0.0.1',
        '--port',
        String(port),
        '--dir',
        dir,
        '--daemonize',
        'no',
        ...durability,
      ];
    },
    async probe(_dir, port, pid) {
      const reply = await exchange(
        port,
        'PING\r\nINFO server\r\n',
        (text) => /process_id:\d+\r\n/.test(text) || text.startsWith('-'),
      );
      return reply?.startsWith('+PONG') && reply.includes(`process_id:${pid}\r\n`) ? port : undefined;
    },
  };
}

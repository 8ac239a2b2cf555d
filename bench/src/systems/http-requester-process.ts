import { connect, type Socket } from 'node:net';
import type { Answered } from './request-loops';
import type { Posts } from './http-requester';

const HEAD_END = Buffer.from('\r\n\r\n');
const OK = 'HTTP/1.1 200';

/** Posts over connections that stay open, one request at a time on each; reads each answer as JSON. */
async function run({ port, path, body, connections, requests }: Posts): Promise<Answered> {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n`;
  const request = Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  const times: number[] = [];
  let left = requests;
  const lane = async (): Promise<void> => {
    const line = new Line(connect({ port, host: '127.0.0.1', noDelay: true }));
    while (left-- > 0) {
      const from = performance.now();
      JSON.parse(await line.post(request));
      times.push(performance.now() - from);
    }
    line.end();
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: connections }, lane));
  const seconds = (performance.now() - from) / 1_000;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.ceil(share * times.length) - 1] ?? NaN;
  return { perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** One connection. Its answers have a content-length: nothing else is read here. */
class Line {
  private got: Buffer = Buffer.alloc(0);
  private resolve: (text: string) => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.reject(error));
    socket.on('close', () => this.reject(new Error('the server has closed the connection')));
  }

  post(request: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.socket.write(request);
    });
  }

  end(): void {
    this.reject = () => undefined;
    this.socket.end();
  }

  private take(chunk: Buffer): void {
    this.got = this.got.length === 0 ? chunk : Buffer.concat([this.got, chunk]);
    const end = this.got.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.got.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    const from = end + HEAD_END.length;
    if (this.got.length < from + length) return;
    const text = this.got.toString('utf8', from, from + length);
    this.got = Buffer.alloc(0);
    if (head.startsWith(OK)) this.resolve(text);
    else this.reject(new Error(`${head.split('\r\n')[0] ?? ''}: ${text}`));
  }
}

process.on('message', (posts: Posts) => void run(posts).then((answer) => process.send?.(answer)));
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(1));
process.send?.('ready');

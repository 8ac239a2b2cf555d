import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  /** The query as it was sent. */
  search: string;
  headers: IncomingMessage['headers'];
  body: string;
}
type Answer = (request: SeenRequest, response: ServerResponse) => void;

/** A tiny HTTP server that answers as the test says and remembers what it was asked. */
export class HttpPeer {
  readonly seen: SeenRequest[] = [];
  private answer: Answer = (_request, response) => void response.writeHead(404).end();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<HttpPeer> {
    const server = createServer();
    const peer = new HttpPeer(server);
    server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void peer.handle(request, response),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  get url(): string {
    // A TCP server that listens has an AddressInfo; strings are for pipes.
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  answerWith(answer: Answer): void {
    this.seen.length = 0;
    this.answer = answer;
  }

  json(status: number, body: unknown): void {
    this.answerWith((_request, response) => sendJson(response, status, body));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? '/', 'http://peer');
    const seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      search: url.search,
      headers: request.headers,
      body,
    };
    this.seen.push(seen);
    this.answer(seen, response);
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

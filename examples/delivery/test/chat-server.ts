import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ChatCall {
  path: string;
  authorization: string | undefined;
  body: { model: string; messages: { role: string; content: string }[] };
}

export type Reply = { status: number; body: string } | 'never' | 'hang-up';

/** A local endpoint that answers as it is told and remembers what it was asked. */
export class ChatServer {
  readonly calls: ChatCall[] = [];
  reply: (call: ChatCall) => Reply = () => ({ status: 200, body: completion('fine') });
  private readonly server: Server = createServer((request, response) => {
    void readBody(request).then((text) => {
      const { url = '', headers } = request;
      const body = JSON.parse(text) as ChatCall['body'];
      const call = { path: url, authorization: headers.authorization, body };
      this.calls.push(call);
      const reply = this.reply(call);
      if (reply === 'never') return;
      if (reply === 'hang-up') request.socket.destroy();
      else response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body);
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The body of an answer, with the fields that every compatible endpoint sends. */
export function completion(content: string, finishReason = 'stop'): string {
  return JSON.stringify({
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: finishReason }],
    usage: { prompt_tokens: 321, completion_tokens: 45, total_tokens: 366 },
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

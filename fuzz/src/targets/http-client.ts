import { Agent, request as send, type IncomingMessage } from 'node:http';
import type { HttpRequest } from './http-requests';

export interface HttpAnswer {
  status: number;
  contentType: string;
  text: string;
}

/** Longer than any answer but a long poll may take. */
const PATIENCE_MS = 20_000;
/** Long polls and streams are left after this: they were asked to take long. */
const STREAM_MS = 150;

/** Sends requests over a few connections that are kept open. */
export class HttpClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8 });

  constructor(private readonly base: string) {}

  /**
   * @returns undefined where a long poll or a stream was left before its end
   * @throws where the connection breaks without an answer, or none comes in time
   */
  exchange(request: HttpRequest, isPatient: boolean): Promise<HttpAnswer | undefined> {
    const { method, target, headers } = request;
    const body = request.body?.bytes();
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    return new Promise((resolve, reject) => {
      const sent = send(`${this.base}${target}`, {
        method,
        headers: { ...headers, ...length },
        agent: this.agent,
      });
      const late = setTimeout(
        () => {
          sent.destroy();
          if (isPatient) resolve(undefined);
          else reject(new Error(`no answer within ${PATIENCE_MS} ms`));
        },
        isPatient ? STREAM_MS : PATIENCE_MS,
      );
      const settle = (finish: () => void): void => {
        clearTimeout(late);
        finish();
      };
      sent.once('error', (error) => settle(() => reject(error)));
      sent.once('response', (response) => {
        readAll(response).then(
          (text) =>
            settle(() =>
              resolve({
                status: response.statusCode ?? 0,
                contentType: response.headers['content-type'] ?? '',
                text,
              }),
            ),
          (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      });
      sent.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk as string;
  return text;
}

import {
  DeadMessagePage,
  DeadMessageReply,
  MailboxList,
  type DeadMail,
  type MailboxInfo,
} from '@multiswarm/contracts';
import type { z } from 'zod';

/** On a connection of its own, which nobody has to close. */
const ALONE = { connection: 'close' };
const PAGE = 200;

async function get<S extends z.ZodType>(url: string, schema: S): Promise<z.output<S>> {
  const response = await fetch(url, { headers: ALONE });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return schema.parse(await response.json());
}

async function post(url: string, body: object): Promise<Response> {
  const headers = { ...ALONE, 'content-type': 'application/json' };
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** By the first communicator; any answers for all. */
export async function mailboxes([url = '']: readonly string[]): Promise<MailboxInfo[]> {
  return (await get(`${url}/v1/mailboxes`, MailboxList)).mailboxes;
}

/** All dead letters, and how many the communicator says that there are. */
export async function deadMessages([url = '']: readonly string[]): Promise<{
  items: DeadMail[];
  total: number;
}> {
  const items: DeadMail[] = [];
  let total = 0;
  let next: string | null = '';
  while (next !== null) {
    const from: string = next === '' ? '' : `&cursor=${next}`;
    const page: DeadMessagePage = await get(`${url}/v1/dead-messages?limit=${PAGE}${from}`, DeadMessagePage);
    items.push(...page.items);
    total = page.counts?.total ?? total;
    next = page.next;
  }
  return { items, total };
}

/** Sends all dead letters again, at most so many. */
export async function redrive(url: string, limit: number): Promise<DeadMessageReply> {
  const response = await post(`${url}/v1/dead-messages/redrive`, { all: true, limit, requestedBy: 'chaos' });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return DeadMessageReply.parse(await response.json());
}

export async function send(url: string, message: object): Promise<void> {
  const response = await post(`${url}/v1/messages`, message);
  if (response.status !== 202)
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

/** Messages that a communicator says to have accepted since it was started. */
export async function sentCount(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: ALONE })).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith('multiswarm_messages_sent_total{') && line.includes('result="stored"'))
    .reduce(
      (sum, line) =>
        sum +
        Number(
          line
            .slice(line.lastIndexOf('}') + 1)
            .trim()
            .split(' ')[0],
        ),
      0,
    );
}

import {
  CommunicationMetrics,
  DeadMessagePage,
  DeadMessageReply,
  MailboxList,
  type DeadMail,
  type MailboxInfo,
} from '@multiswarm/contracts';
import type { z } from 'zod';
import type { Tally } from './check';

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
  return counterOf(await metricsOf(url), 'multiswarm_messages_sent_total', 'result="stored"');
}

/** What all communicators together have counted since they were started. */
export async function talliedByMetrics(urls: readonly string[]): Promise<Tally> {
  const texts = await Promise.all(urls.map(metricsOf));
  const sum = (name: string): number =>
    texts.reduce((all, text) => all + counterOf(text, `multiswarm_mail_${name}_total`), 0);
  return {
    ...{ delivered: sum('delivered'), bytes: sum('delivered_bytes') },
    ...{ failedTries: sum('failed_tries'), dead: sum('dead') },
  };
}

/** What is said of each link, as `from to`; `since` changes where another owner counts a part of it. */
export async function talliedByLinks([url = '']: readonly string[]): Promise<{
  since: string;
  unanswered: number;
  links: Map<string, Tally>;
}> {
  const metrics = await get(`${url}/v1/communication/metrics?limit=${PAGE}`, CommunicationMetrics);
  const links = metrics.links.map(({ from, to, delivered, bytes, failedTries, dead }): [string, Tally] => [
    `${from} to ${to}`,
    { delivered, bytes, failedTries, dead },
  ]);
  return { since: metrics.since, unanswered: metrics.unanswered.length, links: new Map(links) };
}

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`, { headers: ALONE })).text();
}

/** The sum of its series that have a label. */
function counterOf(text: string, name: string, label = ''): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => line.includes(label))
    .map((line) =>
      Number(
        line
          .slice(line.lastIndexOf('}') + 1)
          .replace(name, '')
          .trim()
          .split(' ')[0],
      ),
    )
    .reduce((sum, value) => sum + value, 0);
}

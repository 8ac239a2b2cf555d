import type { System } from './system';

const ACTIVE = ['blocked', 'waiting', 'queued', 'assigned', 'running', 'backoff'];
/** Cancellations under way at the same time. */
const AT_ONCE = 32;
/** Some wait for a swarm that was made up: what has not ended by now ends in a later round. */
const PAGES = 40;

/** Cancels whatever was accepted and has not ended, so that every round begins with as much. */
export async function endAll({ url }: System): Promise<void> {
  const base = `${url('orchestrator')}/v1/tasks`;
  for (const state of ACTIVE) {
    let cursor = '';
    for (let page = 0; page < PAGES; page += 1) {
      const response = await fetch(`${base}?state=${state}&limit=500${cursor}`);
      const { items = [], next } = (await response.json()) as { items?: { id: string }[]; next?: string };
      for (let from = 0; from < items.length; from += AT_ONCE) {
        const some = items.slice(from, from + AT_ONCE);
        await Promise.all(
          some.map(({ id }) => fetch(`${base}/${id}/cancel`, { method: 'POST' }).then((r) => r.text())),
        );
      }
      if (!next) break;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
  }
}

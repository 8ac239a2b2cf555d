import { REGIONS, scatter, TYPES, wordAt, WORDS } from './population';

/** One kind of request: the i-th of it, among a number of tasks. What comes back may lead to the next page. */
export interface QueryKind {
  name: string;
  path: '/v1/tasks' | '/v1/tasks/counts';
  query: (i: number, count: number) => Record<string, string | string[]>;
  /** Pages that are read one after the other, before it begins anew. */
  pages?: number;
}

const day = (ms: number): string => new Date(ms).toISOString();
const LISTS = '/v1/tasks';
const COUNTS = '/v1/tasks/counts';

/** What people ask, from what fits every task to what fits none. */
export const QUERY_KINDS: readonly QueryKind[] = [
  { name: 'newest', path: LISTS, query: () => ({}), pages: 20 },
  { name: 'state', path: LISTS, query: () => ({ state: 'queued' }), pages: 20 },
  {
    name: 'state, type and error code',
    path: LISTS,
    query: (i) => ({ state: 'failed', type: `type-${i % TYPES}`, code: 'no-key' }),
  },
  {
    name: 'region, swarms by pattern',
    path: LISTS,
    query: (i) => ({ region: REGIONS[i % REGIONS.length] ?? '', swarm: `*-${i % 20}`, state: 'cancelled' }),
  },
  { name: 'label', path: LISTS, query: (i) => ({ label: `customer=customer-${scatter(i) % 1_000}` }) },
  {
    name: 'one task by a word',
    path: LISTS,
    query: (i, count) => ({ text: `req-${(scatter(i) % count).toString(36).padStart(6, '0')}` }),
  },
  { name: 'two words', path: LISTS, query: (i) => ({ text: [wordAt(scatter(i) % WORDS), 'final'] }) },
  { name: 'three letters', path: LISTS, query: (i) => ({ text: wordAt(scatter(i) % WORDS).slice(2, 5) }) },
  { name: 'a word that nobody has', path: LISTS, query: (i) => ({ text: `nothing${i}` }) },
  {
    name: 'an hour long ago',
    path: LISTS,
    query: (i) => {
      const at = Date.now() - 20 * 3_600_000 + i * 60_000;
      return { createdAfter: day(at), createdBefore: day(at + 3_600_000), state: 'succeeded' };
    },
  },
  { name: 'last changed', path: LISTS, query: () => ({ order: 'updated' }), pages: 20 },
  { name: 'counts by state', path: COUNTS, query: () => ({ by: 'state' }) },
  {
    name: 'counts by error code, of one type',
    path: COUNTS,
    query: (i) => ({ by: 'code', type: `type-${i % TYPES}` }),
  },
  { name: 'counts by label', path: COUNTS, query: () => ({ by: 'label:customer' }) },
  {
    name: 'counts by state, with a word',
    path: COUNTS,
    query: (i) => ({ text: wordAt(scatter(i) % WORDS) }),
  },
];

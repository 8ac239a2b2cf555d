import { MultiswarmError, NamespaceSettings, type NamespaceChanged } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import type { NamespaceEntry, NamespaceStore } from '../ports';
import { Namespaces } from './namespace-settings';

/** What Redis keeps for all replicas. */
class MemoryNamespaces implements NamespaceStore {
  readonly entries = new Map<string, NamespaceEntry>();
  away = false;

  get(namespace: string): Promise<NamespaceEntry> {
    const settings = NamespaceSettings.parse({});
    return this.answer(() => this.entries.get(namespace) ?? { namespace, settings, revision: 0 });
  }

  put(namespace: string, settings: NamespaceSettings, ifRevision?: number): Promise<number | 'conflict'> {
    return this.answer(() => {
      const revision = this.entries.get(namespace)?.revision ?? 0;
      if (ifRevision !== undefined && ifRevision !== revision) return 'conflict';
      this.entries.set(namespace, { namespace, settings, revision: revision + 1 });
      return revision + 1;
    });
  }

  all(): Promise<NamespaceEntry[]> {
    return this.answer(() => [...this.entries.values()]);
  }

  private answer<T>(what: () => T): Promise<T> {
    return this.away
      ? Promise.reject(new MultiswarmError('store-unavailable', 'away'))
      : Promise.resolve(what());
  }
}

const clock = new ManualClock();
const settings = (given: object = {}): NamespaceSettings => NamespaceSettings.parse(given);
let store: MemoryNamespaces;
let news: NamespaceChanged[];
let one: Namespaces;
let two: Namespaces;

beforeEach(async () => {
  store = new MemoryNamespaces();
  news = [];
  const build = () =>
    new Namespaces(store, { changed: (each) => void news.push(each) }, clock, () => undefined);
  [one, two] = [build(), build()];
  await Promise.all([one.start(), two.start()]);
});
afterEach(() => {
  one.stop();
  two.stop();
});

test('a namespace that nobody has set has the defaults', async () => {
  expect(one.settings('team')).toEqual(settings());
  expect(await one.get('team')).toEqual({ ...settings(), namespace: 'team', revision: 0 });
});

test('what one replica sets the others have as soon as they hear of it', async () => {
  const changed: string[] = [];
  two.onChange((namespace) => changed.push(namespace));
  const view = await one.put({ namespace: 'team', settings: settings({ weight: 3 }) });
  expect(view).toMatchObject({ namespace: 'team', weight: 3, revision: 1 });
  expect(one.settings('team').weight).toBe(3);
  expect(two.settings('team').weight).toBe(1);
  for (const each of news) await two.observe(each);
  expect(two.settings('team').weight).toBe(3);
  expect(changed).toEqual(['team']);
});

test('without the news it takes half a minute', async () => {
  await one.put({ namespace: 'team', settings: settings({ weight: 3 }) });
  await pass(clock, 29_000, 1_000);
  expect(two.settings('team').weight).toBe(1);
  await pass(clock, 2_000, 1_000);
  expect(two.settings('team').weight).toBe(3);
});

test('an older reading that comes late changes nothing', async () => {
  let release: (entries: NamespaceEntry[]) => void = () => undefined;
  const old = await one.put({ namespace: 'team', settings: settings({ weight: 2 }) });
  store.all = () => new Promise((resolve) => (release = resolve));
  clock.advance(30_000);
  await one.put({ namespace: 'team', settings: settings({ weight: 5 }) });
  release([{ namespace: 'team', settings: settings({ weight: 2 }), revision: old.revision }]);
  await turns();
  expect(one.settings('team').weight).toBe(5);
});

test('a change of what was changed since it was read is refused', async () => {
  await one.put({ namespace: 'team', settings: settings(), ifRevision: 0 });
  await expect(two.put({ namespace: 'team', settings: settings(), ifRevision: 0 })).rejects.toMatchObject({
    code: 'revision-conflict',
  });
  expect(news).toHaveLength(1);
});

test('while Redis is away the last settings count, and a start fails', async () => {
  await one.put({ namespace: 'team', settings: settings({ weight: 3 }) });
  store.away = true;
  await pass(clock, 60_000, 1_000);
  expect(one.settings('team').weight).toBe(3);
  const late = new Namespaces(store, { changed: () => undefined }, clock, () => undefined);
  await expect(late.start()).rejects.toMatchObject({ code: 'store-unavailable' });
});

test('they are listed by name, page by page', async () => {
  for (const namespace of ['c', 'a', 'b']) await one.put({ namespace, settings: settings() });
  const first = await two.list({ limit: 2 });
  expect([first.items.map(({ namespace }) => namespace), first.next]).toEqual([['a', 'b'], 'b']);
  const last = await two.list({ limit: 2, cursor: 'b' });
  expect([last.items.map(({ namespace }) => namespace), last.next]).toEqual([['c'], null]);
});

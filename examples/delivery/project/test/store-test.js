'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { openStore } = require('../src');

function temporary(t) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'linktrail-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  return path.join(directory, 'deep', 'links.json');
}

test('a store that is not there yet is empty', async (t) => {
  assert.deepEqual(await openStore(temporary(t)).list(), []);
});

test('links are kept, newest first, each page once', async (t) => {
  const store = openStore(temporary(t));
  await store.add({ href: 'https://example.com/a', title: 'A' });
  await store.add({ href: 'https://example.com/b', title: 'B', tags: ['x'] });
  await store.add({ href: 'https://example.com/a?utm_source=mail', title: 'A again' });
  const links = await store.list();
  assert.deepEqual(links.map(({ title, tags, note }) => ({ title, tags, note })), [
    { title: 'A again', tags: [], note: '' },
    { title: 'B', tags: ['x'], note: '' },
  ]);
});

test('removing tells whether there was something to remove', async (t) => {
  const store = openStore(temporary(t));
  await store.add({ href: 'https://example.com/a' });
  assert.equal(await store.remove('https://example.com/a'), true);
  assert.equal(await store.remove('https://example.com/a'), false);
  assert.deepEqual(await store.list(), []);
});

test('a file that is no store is refused with its name', async (t) => {
  const file = temporary(t);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, '{}');
  await assert.rejects(openStore(file).list(), /links\.json is no store: a store holds a list/);
});

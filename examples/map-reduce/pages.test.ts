import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadLinks, listPages, parsePage, readPage } from './pages';

test('a page has the anchors of its headings and the links outside of code', () => {
  const text = [
    '# The `first` one',
    'See [two](#two-again), [a (b)](x.md "title") and [web](https://example.com).',
    '```sh',
    '# no heading, [no link](nowhere.md)',
    '```',
    '## Two, again',
    '## Two, again',
    'In `[code](x)` nothing, in <[this](a_(b).md)> one.',
  ].join('\n');
  expect(parsePage('a.md', text)).toEqual({
    file: 'a.md',
    anchors: ['the-first-one', 'two-again', 'two-again-1'],
    links: [
      { line: 2, target: '#two-again' },
      { line: 2, target: 'x.md' },
      { line: 2, target: 'https://example.com' },
      { line: 8, target: 'a_(b).md' },
    ],
  });
});

test('a link is dead where there is no such file, or no such heading in it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'link-check-'));
  await mkdir(join(directory, 'deep'));
  await writeFile(
    join(directory, 'a.md'),
    '# A\n[b](deep/b.md#b) [gone](gone.md) [no](deep/b.md#c) [self](#a)\n',
  );
  await writeFile(join(directory, 'deep', 'b.md'), '# B\n[up](../a.md) [data](data.json) [no](#a)\n');
  await writeFile(join(directory, 'deep', 'data.json'), '{}');
  const files = await listPages(directory);
  expect(files).toEqual(['a.md', 'deep/b.md']);
  const pages = await Promise.all(files.map((file) => readPage(directory, file)));
  expect(await deadLinks(directory, pages)).toEqual([
    { file: 'a.md', line: 2, target: 'gone.md', why: 'there is no such file' },
    { file: 'a.md', line: 2, target: 'deep/b.md#c', why: 'there is no such heading' },
    { file: 'deep/b.md', line: 2, target: '#a', why: 'there is no such heading' },
  ]);
  await rm(directory, { recursive: true });
});

import { draftNotes } from './draft-notes';

test('notes have the first sentence of each change that is not released, by kind', () => {
  const changelog = [
    '# Changelog',
    '## [Unreleased]',
    '### Added',
    '- [Graphs](docs/g.md) of runs: text',
    '  and pictures; also with `-o dot`. More of it.',
    '- Pause.',
    '### Fixed',
    '- A leak',
    '## [0.1.0]',
    '- Everything',
  ].join('\n');
  expect(draftNotes(changelog)).toEqual({
    text: '# What is new\n\n## Added\n\n- Graphs of runs: text and pictures.\n- Pause.\n\n## Fixed\n\n- A leak.\n',
    changes: 3,
  });
});

test.each(['# Changelog\n', '## Unreleased\n\nNothing yet.\n\n## 0.1.0\n- Everything\n'])(
  'where nothing is new there are no notes: %j',
  (changelog) => {
    expect(draftNotes(changelog)).toBeUndefined();
  },
);

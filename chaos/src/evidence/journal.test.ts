import { mkdtempSync, appendFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, readJournals, type JournalLine } from './journal';

const line = (over: Partial<JournalLine>): JournalLine => ({
  ...{ kind: 'start', at: 1, taskId: 't1', attempt: 1, swarmId: 's', token: 'a' },
  ...over,
});

test('what several processes noted down comes together in the order of the starts; a line that was cut off is none', () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-journal-'));
  try {
    const journal = new Journal(directory, 's');
    journal.write(line({ at: 5, token: 'b', attempt: 2 }));
    journal.write(line({ at: 1 }));
    journal.write(line({ kind: 'end', at: 9, token: 'b', attempt: 2 }));
    const [file = ''] = readdirSync(directory);
    appendFileSync(join(directory, file), '{"kind":"end","at":10,');
    appendFileSync(join(directory, 'other.jsonl'), `${JSON.stringify(line({ at: 3, token: 'c' }))}\n`);
    expect(readJournals(directory)).toEqual([
      { taskId: 't1', attempt: 1, swarmId: 's', token: 'a', startedAt: 1 },
      { taskId: 't1', attempt: 1, swarmId: 's', token: 'c', startedAt: 3 },
      {
        ...{ taskId: 't1', attempt: 2, swarmId: 's', token: 'b', startedAt: 5 },
        ended: { at: 9, how: 'end' },
      },
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

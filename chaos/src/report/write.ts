import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownReport } from './markdown';
import type { Report } from './report';

/** `report.md` for people, `report.json`, and `availability.jsonl`: a line for each fault and shard. @returns the first */
export async function writeReport(directory: string, report: Report): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'report.md');
  await writeFile(file, markdownReport(report));
  await writeFile(join(directory, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  const lines = report.availability.lines.map((line) => `${JSON.stringify(line)}\n`);
  await writeFile(join(directory, 'availability.jsonl'), lines.join(''));
  return file;
}

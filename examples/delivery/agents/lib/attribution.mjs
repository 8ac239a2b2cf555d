/** Which test program executes which place: one run per program with V8's own coverage. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { testPrograms } from './project.mjs';
import { runProgram } from './workspace.mjs';

/**
 * @param {{ project: string, temporary: string }} place
 * @param {Record<string, string>} snapshot
 * @param {{ file: string, start: number }[]} uses
 * @returns {Promise<string[][]>} for each use the programs that execute it
 */
export async function findCoveringTests(place, snapshot, uses) {
  const covering = uses.map(() => /** @type {string[]} */ ([]));
  for (const program of testPrograms(snapshot)) {
    const executed = await executedRanges(place, program);
    uses.forEach((use, index) => {
      if (isExecuted(executed.get(use.file) ?? [], use.start)) covering[index].push(program);
    });
  }
  return covering;
}

async function executedRanges({ project, temporary }, program) {
  const directory = fs.mkdtempSync(path.join(temporary, 'coverage-'));
  await runProgram([process.execPath, program], {
    cwd: project,
    temporary,
    env: { NODE_V8_COVERAGE: directory },
  });
  const byFile = new Map();
  for (const name of fs.readdirSync(directory)) {
    const { result } = JSON.parse(fs.readFileSync(path.join(directory, name), 'utf8'));
    for (const { url, functions } of result) {
      if (!url.startsWith('file:')) continue;
      const file = path.relative(project, fileURLToPath(url)).split(path.sep).join('/');
      // A program may start others: each of them reports the file on its own.
      byFile.set(file, [...(byFile.get(file) ?? []), functions.flatMap(({ ranges }) => ranges)]);
    }
  }
  return byFile;
}

/** The innermost range around an offset says how often it ran. */
function isExecuted(reports, offset) {
  return reports.some((ranges) => {
    const around = ranges.filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset);
    const [innermost] = around.sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset));
    return innermost !== undefined && innermost.count > 0;
  });
}

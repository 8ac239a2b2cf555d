/** All uses of a project with their ids, the same in every step that looks at the same snapshot. */
import { describeUse, findUses } from './find-uses.mjs';
import { parseProject } from './source.mjs';

/**
 * @param {Record<string, string>} snapshot
 * @param {string[]} wanted ids of deprecated APIs
 */
export function takeInventory(snapshot, wanted) {
  const files = parseProject(snapshot).map((source) => ({ source, ...findUses(source, wanted) }));
  let count = 0;
  const uses = files.flatMap(({ source, uses }) =>
    uses.map((use) => {
      count += 1;
      return { use, source, described: describeUse(source, use, `U${String(count).padStart(2, '0')}`) };
    }),
  );
  return { files, uses, sources: files.map(({ source }) => source) };
}

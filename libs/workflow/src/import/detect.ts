import { fieldsOf, type ImportFormat } from './imported';
import { isWorfbench } from './worfbench';

/** Of which format documents are, by what stands in them; undefined where they are none of these. */
export function detectFormat(documents: readonly unknown[]): ImportFormat | undefined {
  const [first] = documents;
  if (isWfcommons(first)) return 'wfcommons';
  return isWorfbench(first) ? 'worfbench' : undefined;
}

function isWfcommons(document: unknown): boolean {
  const workflow = fieldsOf(fieldsOf(document)['workflow']);
  return [fieldsOf(workflow['specification'])['tasks'], workflow['tasks'], workflow['jobs']].some(
    Array.isArray,
  );
}

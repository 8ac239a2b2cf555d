import { fieldsOf, isFields, listOf, textOf, type ImportFormat } from './imported';
import { isWorfbench } from './worfbench';

/** Of which format documents are, by what stands in them; undefined where they are none of these. */
export function detectFormat(documents: readonly unknown[]): ImportFormat | undefined {
  if (documents.some(isArgo)) return 'argo';
  const [first] = documents;
  if (isWfcommons(first)) return 'wfcommons';
  return isWorfbench(first) ? 'worfbench' : undefined;
}

const WITHOUT_TYPE = ['type', 'task_type', 'workflow', 'approval', 'waitFor', 'sleep', 'id', 'task_id'];

/** A manifest by its group or kind; or the tasks of a DAG template by themselves, which have names where ours have ids. */
function isArgo(document: unknown): boolean {
  const fields = fieldsOf(document);
  if (textOf(fields['apiVersion'])?.startsWith('argoproj.io/') === true) return true;
  if (isFields(fields['spec']) && Array.isArray(fields['spec']['templates'])) return true;
  const tasks = listOf(fields['tasks']).map(fieldsOf);
  return (
    tasks.length > 0 &&
    tasks.every((task) => textOf(task['name']) !== undefined && WITHOUT_TYPE.every((key) => !(key in task)))
  );
}

function isWfcommons(document: unknown): boolean {
  const workflow = fieldsOf(fieldsOf(document)['workflow']);
  return [fieldsOf(workflow['specification'])['tasks'], workflow['tasks'], workflow['jobs']].some(
    Array.isArray,
  );
}

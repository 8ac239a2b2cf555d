import type { DefinitionSummary } from '@multiswarm/contracts';
import { formatAge } from '../output/durations';
import type { View, ViewContext } from '../output/printer';
import { alignRows } from '../output/table';

/** A version of a definition; programs get its body too, where it was read. */
export const definitionView: View<DefinitionSummary> = {
  name: ({ name }) => name,
  none: 'no definitions: put one with "swarmctl definition put NAME FILE"',
  columns: ({ now }) => [
    { header: 'DEFINITION', value: ({ name }) => name },
    { header: 'VERSION', value: ({ version }) => String(version), align: 'right' },
    { header: 'STEPS', value: ({ steps }) => String(steps), align: 'right' },
    { header: 'DESCRIPTION', value: ({ description }) => description ?? '-' },
    { header: 'BY', value: ({ requestedBy }) => requestedBy ?? '-', wide: true },
    { header: 'NAMESPACE', value: ({ namespace }) => namespace, wide: true },
    { header: 'AGE', value: ({ createdAt }) => formatAge(now - Date.parse(createdAt)), align: 'right' },
  ],
  detail: definitionDetail,
};

function definitionDetail(view: DefinitionSummary, { color, now }: ViewContext): string {
  const { name, version, namespace, steps, description = '-', requestedBy = '-', createdAt } = view;
  const rows: [string, string][] = [
    ['description', description],
    ['namespace', namespace],
    ['steps', String(steps)],
    ['put', `${createdAt} (${formatAge(now - Date.parse(createdAt))} ago)`],
    ['by', requestedBy],
  ];
  const facts = rows.map(([label, value]) => [color.dim(label), value]);
  return `${color.bold(name)}  version ${version}\n${alignRows(facts, { indent: '  ' })}`;
}

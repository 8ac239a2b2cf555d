import type { PolicyTable } from '@multiswarm/contracts';
import type { View } from '../output/printer';

interface PolicyRow {
  name: string;
  summary: string;
  chosenBy: string[];
}

/** A row for each policy, with those who have chosen it. */
export function policyRows({ active, items, custom, namespaces }: PolicyTable): PolicyRow[] {
  const own = custom.map(({ name, state, path }) => ({
    name: `custom:${name}`,
    summary: `${path}, ${state}`,
  }));
  return [...items, ...own].map(({ name, summary }) => ({
    name,
    summary,
    chosenBy: [
      ...(name === active ? ['default'] : []),
      ...namespaces.flatMap(({ namespace, policy, policies = {} }) => [
        ...(policy === name ? [namespace] : []),
        ...Object.entries(policies).flatMap(([type, chosen]) =>
          chosen === name ? [`${namespace}/${type}`] : [],
        ),
      ]),
    ],
  }));
}

export const policyView: View<PolicyRow> = {
  name: ({ name }) => name,
  none: 'no policies',
  columns: () => [
    { header: 'POLICY', value: ({ name }) => name },
    { header: 'CHOSEN BY', value: ({ chosenBy }) => chosenBy.join(', ') || '-' },
    { header: 'WHAT IT DOES', value: ({ summary }) => summary },
  ],
};

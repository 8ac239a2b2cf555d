import type { Figure } from '../report';
import type { Outcome } from '../routing/compare';
import type { DrillResult, Spell, Summary } from '../routing/drill-watch';
import { rounded } from '../statistics';

/** What a drill shows of balancers that judge hosts, beside the requests that were hurt. */
export function drillFigures({ scenario, routing, drills }: Outcome, settings: Figure['settings']): Figure[] {
  if (drills.length === 0) return [];
  const figure = (metric: string, unit: string, runs: number[], details: Figure['details'] = {}): Figure => ({
    ...{ bench: 'routing', metric: `${scenario}${metric}`, unit, own: { name: routing, runs } },
    ...{ details, settings, serverVersions: {} },
  });
  const wrong = figure(
    ': hosts without trouble that were out',
    'hosts',
    drills.map(({ wronglyOut }) => wronglyOut),
  );
  const spells = troublesOf(drills).flatMap((trouble) => {
    const seen = drills.flatMap((drill) => drill.spells.filter((each) => each.trouble === trouble));
    const times = (metric: string, of: (spell: Spell) => Summary): Figure =>
      figure(
        `, ${trouble}: ${metric}`,
        's, median over hosts and replicas',
        seen.map((spell) => of(spell).median),
        {
          worst: seen.map((spell) => rounded(of(spell).worst)),
          shareThatWasOut: seen.map(({ foundShare }) => rounded(foundShare)),
        },
      );
    return [
      times('from trouble until it gets nothing', ({ outS }) => outS),
      times('from the end of the trouble until it gets all again', ({ backS }) => backS),
    ];
  });
  return [...spells, wrong];
}

function troublesOf(drills: readonly DrillResult[]): string[] {
  return [...new Set(drills.flatMap(({ spells }) => spells.map(({ trouble }) => trouble)))];
}

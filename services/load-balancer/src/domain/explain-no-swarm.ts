import { PLACEMENT_RULES, type Rejection } from '@multiswarm/contracts';
import { idleDetail, takesNoWork, type IdleState } from './engine/idle';
import { EXAMPLES } from './engine/drops';
import type { Moment } from './moment';
import type { Ask } from './requirement-rules';
import type { SwarmSeen } from './swarm-seen';

export interface NoSwarm {
  detail: string;
  /** The rules that nobody passes; where each is passed by somebody, those that the closest swarm fails. */
  unmet: Rejection[];
}

interface Compared {
  swarm: SwarmSeen;
  failed: Ask[];
  /** Why it takes no work at all. */
  state: IdleState | undefined;
}

/** Why no swarm can run a class of work, in one sentence that says what to change. Asked only where nobody can. */
export function explainNoSwarm(swarms: Iterable<SwarmSeen>, asks: readonly Ask[], now: Moment): NoSwarm {
  const compared = [...swarms].map((swarm): Compared => {
    const state = swarm.stateAt(now);
    return {
      swarm,
      failed: asks.filter((ask) => !ask.passes(swarm.profile)),
      state: takesNoWork(state) ? state : undefined,
    };
  });
  if (compared.length === 0) {
    const spelledOut = asks.filter(({ implied }) => implied !== true);
    return { detail: `no swarm is connected; it needs ${listOf(spelledOut)}`, unmet: [] };
  }
  const live = compared.filter(({ state }) => state === undefined);
  return live.length === 0 ? nobodyLive(compared) : nobodyFits(live, compared, asks);
}

function nobodyLive(compared: readonly Compared[]): NoSwarm {
  const found = PLACEMENT_RULES.filter(takesNoWork)
    .map((rule) => ({ rule, swarms: compared.filter(({ state }) => state === rule) }))
    .filter(({ swarms }) => swarms.length > 0);
  const counts = found.map(({ rule, swarms }) => `${swarms.length} ${rule}`).join(', ');
  return {
    detail: `no swarm takes work: ${compared.length} known, ${counts}`,
    unmet: found.map(({ rule, swarms }) => rejection(rule, idleDetail(rule), swarms)),
  };
}

function nobodyFits(live: readonly Compared[], compared: readonly Compared[], asks: readonly Ask[]): NoSwarm {
  const closest = live.reduce((best, one) => (one.failed.length < best.failed.length ? one : best));
  const nobody = asks.filter((ask) => live.every(({ failed }) => failed.includes(ask)));
  const blamed = nobody.length > 0 ? nobody : closest.failed;
  const parts = [
    nobody.length > 0
      ? `no swarm ${nobody
          .slice(0, EXAMPLES)
          .map(({ predicate }) => predicate)
          .join(', and none ')}`
      : 'no single swarm meets everything that is asked',
    `${compared.length} ${compared.length === 1 ? 'swarm' : 'swarms'} known, closest is ${describeClosest(closest, nobody)}`,
    ...idleMatch(compared),
  ];
  return { detail: parts.join('; '), unmet: byRule(blamed, live) };
}

function describeClosest({ swarm, failed }: Compared, nobody: readonly Ask[]): string {
  const others = failed.filter((ask) => !nobody.includes(ask));
  const name = `${swarm.swarmId} (${swarm.region})`;
  if (others.length > 0) return `${name}, which ${nobody.length > 0 ? 'also ' : ''}lacks ${listOf(others)}`;
  return nobody.length === failed.length && failed.length > 0 ? `${name}, which meets the rest` : name;
}

/** A swarm that would do, if it took work. */
function idleMatch(compared: readonly Compared[]): string[] {
  const match = compared.find(({ failed, state }) => failed.length === 0 && state !== undefined);
  return match === undefined ? [] : [`${match.swarm.swarmId} could run it but is ${match.state}`];
}

function byRule(blamed: readonly Ask[], live: readonly Compared[]): Rejection[] {
  return PLACEMENT_RULES.flatMap((rule) => {
    const ofRule = blamed.filter((ask) => ask.rule === rule);
    if (ofRule.length === 0) return [];
    const failing = live.filter(({ failed }) => ofRule.some((ask) => failed.includes(ask)));
    return [rejection(rule, listOf(ofRule), failing)];
  });
}

function rejection(rule: Rejection['rule'], detail: string, swarms: readonly Compared[]): Rejection {
  return {
    rule,
    count: swarms.length,
    detail,
    examples: swarms.slice(0, EXAMPLES).map(({ swarm }) => swarm.swarmId),
  };
}

function listOf(asks: readonly Ask[]): string {
  const more = asks.length > EXAMPLES ? ` and ${asks.length - EXAMPLES} more` : '';
  return asks.length === 0
    ? 'nothing in particular'
    : asks
        .slice(0, EXAMPLES)
        .map(({ detail }) => detail)
        .join(', ') + more;
}

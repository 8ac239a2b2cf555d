/**
 * A routing policy of one's own: a swarm that has the model loaded answers at once, any other has to load it first. Swarms say which
 * models they have in the attribute `models`; a request says which one it needs in its requirements or in the preferences of its routing.
 *
 *   CUSTOM_POLICIES=warm-model=examples/custom-policy/warm-model.mjs npm start
 *
 * Whoever asks for the policy `custom:warm-model` gets a swarm with the model if one has a free slot, the cheapest of them; without one
 * the cheapest swarm there is. docs/custom-policies.md has the rules.
 *
 * @type {import('@multiswarm/sdk').RoutingPolicy['rank']}
 */
export function rank({ items, candidates }) {
  return items.map((item) => {
    const model = modelOf(item);
    return (candidates[item.class] ?? [])
      .map(({ swarmId, attributes, costPerSlotHour }) => {
        return { swarmId, isWarm: has(attributes.models, model), costPerSlotHour };
      })
      .sort((a, b) => Number(b.isWarm) - Number(a.isWarm) || a.costPerSlotHour - b.costPerSlotHour)
      .map(({ swarmId }) => swarmId);
  });
}

/** What it prefers first: a requirement rules out whoever has not the model, and then there is nothing to choose. */
function modelOf({ routing, requirements }) {
  const preferred = routing?.prefer?.find(({ attributes }) => attributes?.models !== undefined);
  return preferred?.attributes.models ?? requirements.attributes?.models;
}

function has(models, model) {
  return Array.isArray(models) ? models.includes(model) : models !== undefined && models === model;
}

/**
 * The thread in which a user's own routing policy runs. It loads the file, hands it one batch after the other, and sends
 * back no more than the service may have to hold: as many lists as there are items, as many ids as there are candidates.
 */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

/** An id is shorter; what is longer is nobody's. */
const ID_CHARS = 129;
const MESSAGE_CHARS = 500;

async function load(path) {
  const module = await import(pathToFileURL(path).href);
  const found = [module, module.default, module.policy].find((one) => typeof one?.rank === 'function');
  if (found === undefined) throw new Error('it exports no function "rank"');
  return found;
}

function bounded(ranking, { items, candidates }) {
  if (!Array.isArray(ranking)) return typeof ranking;
  // One list too many is kept: it says that the answer does not belong to the batch.
  return ranking.slice(0, items.length + 1).map((list, index) => {
    if (!Array.isArray(list)) return null;
    const most = candidates[items[index]?.class]?.length ?? 0;
    return list.slice(0, 2 * most).map((id) => (typeof id === 'string' ? id.slice(0, ID_CHARS) : null));
  });
}

function say(error) {
  try {
    return String(error?.message ?? error).slice(0, MESSAGE_CHARS);
  } catch {
    return 'something that cannot be shown';
  }
}

async function answer(policy, { id, batch }) {
  try {
    parentPort.postMessage({ kind: 'ranked', id, ranking: bounded(await policy.rank(batch), batch) });
  } catch (error) {
    parentPort.postMessage({ kind: 'threw', id, message: say(error) });
  }
}

try {
  const policy = await load(workerData.path);
  parentPort.on('message', (asked) => void answer(policy, asked));
  parentPort.postMessage({ kind: 'ready' });
} catch (error) {
  parentPort.postMessage({ kind: 'unusable', message: say(error) });
}

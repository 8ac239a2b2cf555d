import { MultiswarmError, type JsonValue, type ShardCheckReport } from '@multiswarm/contracts';
import { OPERATIONS } from './operations';
import type { Port } from './port';
import { payloadValue, putPayload } from './payloads';
import { toWorkflow } from './submission';
import type {
  CheckOptions,
  DeadLettersClient,
  DefinitionsClient,
  FleetClient,
  NamespacesClient,
  PayloadsClient,
  ShardsClient,
} from './types';

/** Settings of namespaces. */
export function namespacesOf(port: Port): NamespacesClient {
  return {
    get: (namespace) => port.ask(OPERATIONS.getNamespace, { namespace }),
    list: (page = {}) => port.ask(OPERATIONS.listNamespaces, page),
    put: (namespace, settings, options = {}) =>
      port.ask(OPERATIONS.putNamespace, { namespace, settings, ...options }),
  };
}

/** Named workflows. */
export function definitionsOf(port: Port): DefinitionsClient {
  return {
    put: (name, definition, by = {}) =>
      port.ask(OPERATIONS.putDefinition, { ...port.by(), ...by, ...toWorkflow(definition), name }),
    get: (name, options = {}) => port.ask(OPERATIONS.getDefinition, { name, ...options }),
    list: (page = {}) => port.ask(OPERATIONS.listDefinitions, page),
    versions: (name, page = {}) => port.ask(OPERATIONS.definitionVersions, { name, ...page }),
    delete: (name, options = {}) => port.ask(OPERATIONS.deleteDefinition, { ...port.by(), ...options, name }),
  };
}

/** What failed for good. */
export function deadLettersOf(port: Port): DeadLettersClient {
  return {
    list: (filter = {}) => port.ask(OPERATIONS.listDeadLetters, filter),
    get: (id) => port.ask(OPERATIONS.getDeadLetter, { id }),
    // With a key, so that a repetition redrives none that has failed again meanwhile.
    redrive: (request) =>
      port.ask(OPERATIONS.redriveDeadLetters, {
        idempotencyKey: port.ids.next(),
        ...port.by(),
        ...request,
      }),
    purge: (request) => port.ask(OPERATIONS.purgeDeadLetters, { ...port.by(), ...request }),
  };
}

/** A shard that changes hands is checked from the beginning, so often at most. */
const CHECKS = 3;
const CHECK_WAIT_MS = 1_000;

/** Whole shards. */
export function shardsOf(port: Port): ShardsClient {
  return {
    list: () => port.ask(OPERATIONS.listShards, {}),
    export: (shard) => linesOf(port, shard),
    recover: async (shard, options = {}) =>
      void (await port.ask(OPERATIONS.recoverShard, { shard, confirm: true, ...port.by(), ...options })),
    check: async (shard, options = {}) => {
      let report = await wholeCheck(port, shard, options);
      for (let again = 1; again < CHECKS && report?.state !== 'done'; again += 1)
        report = (await wholeCheck(port, shard, options)) ?? report;
      if (report) return report;
      throw new MultiswarmError('shard-unavailable', `shard ${shard} changes hands again and again`);
    },
  };
}

async function* linesOf(port: Port, shard: number): AsyncGenerator<JsonValue> {
  let run: string | undefined;
  for (let seq = 0; ; seq += 1) {
    const part = await port.ask(OPERATIONS.exportShard, {
      shard,
      seq,
      ...(run === undefined ? {} : { run }),
    });
    run = part.run;
    yield* part.lines;
    if (part.done) return;
  }
}

/** @returns undefined where its owner does not know of it any more */
async function wholeCheck(
  port: Port,
  shard: number,
  { onProgress, ...asked }: CheckOptions,
): Promise<ShardCheckReport | undefined> {
  let report: ShardCheckReport | undefined;
  for (;;) {
    const body = {
      shard,
      waitMs: CHECK_WAIT_MS,
      ...port.by(),
      ...asked,
      ...(report ? { run: report.run } : {}),
    };
    try {
      report = await port.ask(OPERATIONS.checkShard, body, { waitMs: CHECK_WAIT_MS });
    } catch (error) {
      if (error instanceof MultiswarmError && error.code === 'check-not-found') return undefined;
      throw error;
    }
    onProgress?.(report);
    if (report.state !== 'running') return report;
  }
}

/** A repair looks twice, some seconds apart, and a large store takes its time. */
const CHECK_MS = 60_000;

/** Inputs and outputs that go by reference. */
export function payloadsOf(port: Port): PayloadsClient {
  return {
    put: (value, { namespace = 'default', signal } = {}) => putPayload(port, namespace, value, signal),
    get: (ref, { signal } = {}) => payloadValue(port, ref, signal),
    check: (asked = {}) => port.ask(OPERATIONS.checkPayloads, asked, { waitMs: CHECK_MS }),
  };
}

/** Cordons of swarms. */
export function fleetOf(port: Port): FleetClient {
  const tell =
    (operation: typeof OPERATIONS.cordonSwarm): FleetClient['cordon'] =>
    (id, reason) =>
      port.ask(operation, { id, ...(reason === undefined ? {} : { reason }) });
  return {
    cordon: tell(OPERATIONS.cordonSwarm),
    drain: tell(OPERATIONS.drainSwarm),
    uncordon: tell(OPERATIONS.uncordonSwarm),
  };
}

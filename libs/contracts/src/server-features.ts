import { MultiswarmError } from './errors';

/** What a nats-server can do from a version on, and what that is to Multiswarm. */
export interface ServerFeature {
  /** The first version that has it; an older one refuses it, or, which is worse, takes it and does something else. */
  since: string;
  need: 'required' | 'not used';
  /** Where it is required: for what. Where it is not used: what is done instead, on every server. */
  text: string;
}

/**
 * Every feature of NATS of which a server may be too old, by name. Sources: the release notes of nats-server, and what 2.9.10 did where
 * it was tried.
 */
export const SERVER_FEATURES = {
  'consumers by name and filter': {
    since: '2.9.0',
    need: 'required',
    text: 'Mail is handed out by consumers, one for each shard and priority.',
  },
  'direct reads': {
    since: '2.9.0',
    need: 'required',
    text: 'Payloads and entries of streams are read from any replica of their stream.',
  },
  'several filters of a consumer': {
    since: '2.10.0',
    need: 'not used',
    text: 'A consumer has one filter. 2.9 makes one without any filter, and says nothing.',
  },
  'reason of a termination': {
    since: '2.10.4',
    need: 'not used',
    text: 'The reason is kept with the dead letter. 2.9 delivers the message again.',
  },
  'time to live of a message': {
    since: '2.11.0',
    need: 'not used',
    text: 'Expiry is part of the message, and looked at before a handler runs. 2.9 keeps the message.',
  },
  'time to live of a key': {
    since: '2.11.0',
    need: 'not used',
    text: 'Leases end by the clocks of those who wait. 2.9 keeps the key.',
  },
  'priority groups of consumers': {
    since: '2.11.0',
    need: 'not used',
    text: 'One communicator has a shard by its lease; priorities are consumers of their own.',
  },
  'scheduled messages': {
    since: '2.12.0',
    need: 'not used',
    text: 'The communicator keeps what is to be delivered later. 2.9 delivers at once.',
  },
  counters: {
    since: '2.12.0',
    need: 'not used',
    text: 'Counts are written by compare-and-set. 2.9 stores the number as it is.',
  },
  'atomic batches': {
    since: '2.12.0',
    need: 'not used',
    text: 'What belongs together is one message. 2.9 stores the messages one by one.',
  },
} as const satisfies Record<string, ServerFeature>;
export type ServerFeatureName = keyof typeof SERVER_FEATURES;

/** A server as it tells of itself. */
export interface ServerSeen {
  version: string;
  /** Whether JetStream answers there, on this server or another one that it leads to. */
  jetstream: boolean;
  /** The JetStream domain, where it has one. */
  domain?: string | undefined;
}

/** Features that a server of this version lacks, the required ones first. A version that cannot be read has none. */
export function lackingFeatures(version: string): ServerFeatureName[] {
  const names = Object.keys(SERVER_FEATURES) as ServerFeatureName[];
  const lacking = names.filter((name) => !isAtLeast(version, SERVER_FEATURES[name].since));
  const isRequired = (name: ServerFeatureName): boolean => SERVER_FEATURES[name].need === 'required';
  return [...lacking.filter(isRequired), ...lacking.filter((name) => !isRequired(name))];
}

/**
 * @returns the features that it lacks and that nothing here needs
 * @throws MultiswarmError `feature-not-available` with the first required feature that is missing, the version, and the one needed
 */
export function requireServer({ version, jetstream }: ServerSeen): ServerFeatureName[] {
  if (!jetstream)
    throw new MultiswarmError(
      'feature-not-available',
      `JetStream does not answer at nats-server ${version}, and mail is kept there: start it with -js`,
    );
  const lacking = lackingFeatures(version);
  for (const name of lacking) {
    const { need, since, text } = SERVER_FEATURES[name];
    if (need === 'required')
      throw new MultiswarmError(
        'feature-not-available',
        `nats-server ${version} lacks "${name}", which needs ${since} or newer. ${text}`,
      );
  }
  return lacking;
}

/** `2.12.0-RC.1` counts as 2.12.0. */
function isAtLeast(version: string, least: string): boolean {
  const own = numbersOf(version);
  if (!own) return false;
  const needed = numbersOf(least) ?? [];
  for (const [index, part] of needed.entries()) {
    const mine = own[index] ?? 0;
    if (mine !== part) return mine > part;
  }
  return true;
}

function numbersOf(version: string): number[] | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  return match?.slice(1).map(Number);
}

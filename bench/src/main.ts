import { bus } from './benches/bus';
import type { Bench } from './benches/bench';
import { flatness } from './benches/flatness';
import { idle } from './benches/idle';
import { latency } from './benches/latency';
import { learning } from './benches/learning';
import { mailboxes } from './benches/mailboxes';
import { makespan } from './benches/makespan';
import { memory } from './benches/memory';
import { messages } from './benches/messages';
import { payloads } from './benches/payloads';
import { routing } from './benches/routing';
import { routingEngine } from './benches/routing-engine';
import { routingHeartbeats } from './benches/routing-heartbeats';
import { routingHttp } from './benches/routing-http';
import { routingNats } from './benches/routing-nats';
import { scheduler } from './benches/scheduler';
import { search } from './benches/search';
import { streams } from './benches/streams';
import { submit } from './benches/submit';
import { takeover } from './benches/takeover';
import { throughput } from './benches/throughput';
import { workflow } from './benches/workflow';
import { readOptions, USAGE } from './options';
import { toLine } from './report';

const BENCHES: Readonly<Record<string, Bench>> = {
  ...{
    throughput,
    latency,
    submit,
    memory,
    flatness,
    takeover,
    idle,
    scheduler,
    bus,
    payloads,
    streams,
    search,
    workflow,
    makespan,
    routing,
    'routing-engine': routingEngine,
    'routing-nats': routingNats,
    'routing-http': routingHttp,
    'routing-heartbeats': routingHeartbeats,
    learning,
    messages,
    mailboxes,
  },
};

async function main(): Promise<number> {
  let options;
  try {
    options = readOptions(process.argv.slice(2), Object.keys(BENCHES), process.env['BENCH_DATA']);
  } catch (error) {
    console.error(`bench: ${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  for (const name of options.names) {
    const figures = await BENCHES[name]?.(options, (line) => console.error(`${name}: ${line}`));
    for (const figure of figures ?? []) process.stdout.write(`${toLine(figure)}\n`);
  }
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error('bench:', error);
    process.exit(1);
  },
);

import { Option, type Command } from 'commander';
import type { GlobalOptions } from './command';
import type { Io } from './io';
import { usageFault } from './faults';
import { parseDuration } from './output/durations';
import { DRAWING_FORMATS, FORMATS, isDrawing, type DrawingFormat, type Format } from './output/format';

export const DEFAULT_URL = 'http://127.0.0.1:8080';
const DEFAULT_LOAD_BALANCER = 'http://127.0.0.1:8081';
const DEFAULT_COMMUNICATOR = 'http://127.0.0.1:8082';
export const DEFAULT_SERVERS = 'nats://127.0.0.1:4222';

interface ParsedGlobals {
  output: Format | DrawingFormat;
  url?: string;
  loadBalancer?: string;
  communicator?: string;
  servers?: string;
  timeout?: number;
  yes?: boolean;
  input: boolean;
}

/** Options that every command takes, before or after its own. */
export function addGlobalOptions(program: Command): void {
  program
    .addOption(
      new Option('-o, --output <format>', 'how results are printed')
        .choices([...FORMATS, ...DRAWING_FORMATS])
        .default('table'),
    )
    .option('--url <url>', `the orchestrator (env MULTISWARM_URL, default ${DEFAULT_URL})`)
    .option(
      '--load-balancer <url>',
      `the load-balancer (env MULTISWARM_LOAD_BALANCER_URL, default ${DEFAULT_LOAD_BALANCER})`,
    )
    .option(
      '--communicator <url>',
      `the communicator (env MULTISWARM_COMMUNICATOR_URL, default ${DEFAULT_COMMUNICATOR})`,
    )
    .option('--servers <urls>', `NATS, comma-separated (env NATS_URL, default ${DEFAULT_SERVERS})`)
    .option('--timeout <duration>', 'give up waiting after this long: 30s, 5m, 1h', durationOption)
    .option('--yes', 'answer every question with yes')
    .option('--no-input', 'never ask; what needs an answer fails')
    .option('--no-color', 'no colours (env NO_COLOR)');
}

export function durationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw usageFault(`"${text}" is not a duration`, 'write it like 250ms, 30s, 5m or 2h');
  return ms;
}

/** @param draws whether the command has drawings to print */
export function readGlobalOptions(program: Command, io: Io, draws = false): GlobalOptions {
  const given = program.opts<ParsedGlobals>();
  const drawing = isDrawing(given.output) ? given.output : undefined;
  if (drawing !== undefined && !draws)
    throw usageFault(`-o ${drawing} is for graphs`, 'swarmctl workflow graph prints them');
  return {
    format: isDrawing(given.output) ? 'table' : given.output,
    drawing,
    url: checkedUrl(given.url ?? (io.env['MULTISWARM_URL'] || DEFAULT_URL)),
    loadBalancer: checkedUrl(
      given.loadBalancer ?? (io.env['MULTISWARM_LOAD_BALANCER_URL'] || DEFAULT_LOAD_BALANCER),
    ),
    communicator: checkedUrl(
      given.communicator ?? (io.env['MULTISWARM_COMMUNICATOR_URL'] || DEFAULT_COMMUNICATOR),
    ),
    servers: given.servers ?? (io.env['NATS_URL'] || DEFAULT_SERVERS),
    timeoutMs: given.timeout,
    yes: given.yes === true,
    mayAsk: given.input && io.stdin.isTty,
  };
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return text.replace(/\/+$/, '');
  throw usageFault(`"${text}" is not an HTTP address`, `write it like ${DEFAULT_URL}`);
}

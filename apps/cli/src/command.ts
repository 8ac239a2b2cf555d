import type { Command, OptionValues } from 'commander';
import type { Io } from './io';
import type { DrawingFormat, Format } from './output/format';

export interface GlobalOptions {
  format: Format;
  /** Asked for instead of text, of a command that draws. */
  drawing?: DrawingFormat | undefined;
  /** Where the orchestrator answers HTTP. */
  url: string;
  /** Where the load-balancer does. */
  loadBalancer: string;
  /** Where the communicator does. */
  communicator: string;
  /** NATS servers, comma-separated. */
  servers: string;
  /** How long `--wait`, `--watch` and requests may take; undefined where nothing was asked for. */
  timeoutMs: number | undefined;
  /** Answer every question with yes. */
  yes: boolean;
  /** False: never ask; a question without `--yes` is a refusal. */
  mayAsk: boolean;
}

export interface Invocation<O extends OptionValues = OptionValues> {
  args: string[];
  options: O;
  global: GlobalOptions;
  io: Io;
}

export interface Example {
  command: string;
  does: string;
}

/** One command: one file. Its name, arguments and summary are a row of the command table. */
export interface CommandDefinition<O extends OptionValues = OptionValues> {
  description: string;
  examples: readonly Example[];
  /** Whether `-o dot` and `-o mermaid` mean something to it. */
  draws?: boolean;
  /** Declares options. */
  configure(command: Command): void;
  /** Returns the exit code; throws a `Fault` or a `MultiswarmError`. */
  run(invocation: Invocation<O>): Promise<number>;
}

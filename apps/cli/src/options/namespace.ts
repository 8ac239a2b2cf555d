import type { Command } from 'commander';

export interface NamespaceOption {
  namespace?: string;
}

/** `--namespace`, for what belongs to a tenant. */
export function declareNamespace(command: Command): Command {
  return command.option('--namespace <name>', 'the tenant; default unless told');
}

import type { Paint } from '../output/paint';
import { alignRows } from '../output/table';
import { DEFAULT_URL } from '../global-options';
import { addresses, type Stack } from './programs';

/** Where everything answers, and what to try next; aligned. */
export function welcome(stack: Stack, color: Paint): string {
  const { url, nats, redis, of } = addresses(stack);
  const rows = [
    ['API', `${url}/v1`, 'orchestrator'],
    [
      'API docs',
      `${url}/docs`,
      `load-balancer ${of('load-balancer')}/docs, communicator ${of('communicator')}/docs`,
    ],
    ['status', `${url}/status`, ''],
    ['metrics', `${url}/metrics`, 'Prometheus'],
    ['NATS', nats, ''],
    ['Redis', redis, ''],
    ['logs', stack.directories.logs, 'one file per process'],
  ];
  const option = url === DEFAULT_URL ? '' : ` --url ${url}`;
  const next = [
    [`npx swarmctl status${option}`, 'the system at a glance'],
    [`npx swarmctl workflow list${option}`, 'what ran; "workflow get ID" and "task get ID" tell the rest'],
    [
      `npx swarmctl workflow run examples/delivery/workflow.yaml --wait${option}`,
      'once more, from another terminal',
    ],
  ];
  const addressLines = alignRows(
    rows.map(([what = '', where = '', note = '']) => [`  ${what}`, where, color.dim(note)]),
  );
  const nextLines = alignRows(next.map(([command = '', does = '']) => [`  ${command}`, color.dim(does)]));
  return `\n${color.bold('Running')}\n${addressLines}\n${color.bold('Try')}\n${nextLines}`;
}

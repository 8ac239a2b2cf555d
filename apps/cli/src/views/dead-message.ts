import type {
  DeadMail,
  DeadMessageCounts,
  DeadMessageDetail,
  DeadMessageResult,
} from '@multiswarm/contracts';
import { formatBytes } from '../output/bytes';
import { formatAge } from '../output/durations';
import type { View, ViewContext } from '../output/printer';
import { alignRows } from '../output/table';
import { jsonText, section } from './task-detail';

/** Groups that the line under a list names. */
const GROUPS_SHOWN = 5;

export const deadMessageView: View<DeadMail> = {
  name: ({ seq }) => String(seq),
  none: 'no dead messages',
  columns: ({ now }) => [
    { header: 'SEQ', value: ({ seq }) => String(seq), align: 'right' },
    { header: 'TO', value: ({ to }) => to },
    { header: 'FROM', value: ({ from }) => from },
    { header: 'KIND', value: ({ kind }) => kind || '-' },
    { header: 'CAUSE', value: ({ cause }) => cause },
    { header: 'TRIES', value: ({ attempts }) => String(attempts), align: 'right' },
    { header: 'MESSAGE', value: ({ id }) => id || '-', wide: true },
    { header: 'NAMESPACE', value: ({ namespace }) => namespace, wide: true },
    { header: 'BYTES', value: ({ bytes }) => formatBytes(bytes), align: 'right', wide: true },
    { header: 'REDRIVES', value: ({ redrives }) => String(redrives), align: 'right', wide: true },
    { header: 'ERROR', value: ({ message }) => message.split('\n', 1)[0] ?? '-', wide: true },
    { header: 'DIED', value: ({ diedAt }) => formatAge(now - Date.parse(diedAt)), align: 'right' },
  ],
};

export const deadMessageDetailView: View<DeadMessageDetail> = {
  name: ({ seq }) => String(seq),
  none: '',
  columns: (context) => deadMessageView.columns(context),
  detail: detailText,
};

function detailText(mail: DeadMessageDetail, { color, now }: ViewContext): string {
  const { redriven, notRedrivable, dataRef } = mail;
  const rows: [string, string][] = [
    ['from', `${mail.from} to ${mail.to}, namespace ${mail.namespace}`],
    ['kind', `${mail.kind || '(none)'}, ${mail.priority}, ${mail.qos}`],
    ['cause', `${mail.cause}: ${mail.message}`],
    ['tries', String(mail.attempts)],
    ...(mail.conversation === undefined ? [] : [['conversation', mail.conversation] as [string, string]]),
    ['sent', mail.sentAt ?? '-'],
    ['died', `${mail.diedAt} (${formatAge(now - Date.parse(mail.diedAt))} ago)`],
    ['redrive', notRedrivable === undefined ? 'possible' : `not possible: ${notRedrivable}`],
    ...(redriven === undefined
      ? []
      : [
          ['redriven', `${redriven.times} times, last by ${redriven.by} at ${redriven.at}`] as [
            string,
            string,
          ],
        ]),
  ];
  if (dataRef !== undefined) rows.push(['data', `${formatBytes(dataRef.bytes)}, as payload ${dataRef.id}`]);
  const facts = alignRows(
    rows.map(([label, value]) => [color.dim(label), value]),
    { indent: '  ' },
  );
  const said = mail.data === undefined ? `  ${mail.text ?? ''}\n` : jsonText(mail.data);
  return `${color.bold(`${mail.seq}`)}  ${mail.id}\n${facts}\n${section(color, 'data', said)}`;
}

/** `120 in all; by cause: handler-failed 120; by recipient: eu-west-1 100, us-east-1 20` */
export function deadMessageCountsText({ total, complete, byCause, byRecipient }: DeadMessageCounts): string {
  const groups = (list: DeadMessageCounts['byCause']): string => {
    const shown = list.slice(0, GROUPS_SHOWN).map(({ name, count }) => `${name} ${count}`);
    return [...shown, ...(list.length > GROUPS_SHOWN ? ['…'] : [])].join(', ');
  };
  const most = complete ? '' : 'more than ';
  return `${most}${total} in all; by cause: ${groups(byCause)}; by recipient: ${groups(byRecipient)}`;
}

export const deadMessageResultView: View<DeadMessageResult> = {
  name: ({ seq }) => String(seq),
  none: 'no dead message matches',
  columns: ({ color }) => [
    { header: 'SEQ', value: ({ seq }) => String(seq), align: 'right' },
    { header: 'MESSAGE', value: ({ id }) => id ?? '-' },
    { header: 'OUTCOME', value: ({ outcome }) => (outcome === 'refused' ? color.red(outcome) : outcome) },
    { header: 'NEW ID', value: ({ newId }) => newId ?? '-', wide: true },
    { header: 'WHY', value: ({ error }) => error?.detail ?? '-' },
  ],
};

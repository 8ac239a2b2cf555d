import type { MailTaken, Message, MessageStatus } from '@multiswarm/contracts';
import { formatAge } from '../output/durations';
import type { View } from '../output/printer';

/** Of what a message says, as much as fits a line. */
const DATA_CHARS = 80;

export const messageStatusView: View<MessageStatus> = {
  name: ({ id }) => id,
  none: '',
  columns: () => [
    { header: 'MESSAGE', value: ({ id }) => id },
    { header: 'STATUS', value: ({ status }) => status },
    { header: 'BREAKER', value: ({ breaker }) => breaker ?? '-', wide: true },
    { header: 'TO', value: ({ to }) => to },
    { header: 'RECIPIENTS', value: ({ recipientCount }) => String(recipientCount), align: 'right' },
    { header: 'QOS', value: ({ qos }) => qos },
  ],
};

export const takenView: View<MailTaken['messages'][number]> = {
  name: ({ seq }) => String(seq),
  none: 'no messages',
  columns: ({ now }) => [
    { header: 'SEQ', value: ({ seq }) => String(seq), align: 'right' },
    { header: 'FROM', value: ({ message }) => message.from },
    { header: 'KIND', value: ({ message }) => message.kind },
    { header: 'TRY', value: ({ message }) => String(message.attempt ?? 1), align: 'right' },
    { header: 'PRIORITY', value: ({ message }) => message.priority, wide: true },
    { header: 'CONVERSATION', value: ({ message }) => message.conversation ?? '-', wide: true },
    { header: 'SENT', value: ({ message }) => formatAge(now - Date.parse(message.sentAt)), align: 'right' },
    { header: 'DATA', value: ({ message }) => dataText(message) },
  ],
};

function dataText({ data, dataRef }: Pick<Message, 'data' | 'dataRef'>): string {
  return dataRef === undefined ? shortened(JSON.stringify(data)) : `payload ${dataRef.id}`;
}

function shortened(text: string): string {
  return text.length <= DATA_CHARS ? text : `${text.slice(0, DATA_CHARS - 1)}…`;
}

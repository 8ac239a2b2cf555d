export { carryMail } from './carry-mail';
export { DirectoryReader, type DirectoryNews } from './directory-reader';
export { deliveryLabel, type DeliveryTicket } from './delivery-label';
export {
  isNoLater,
  MailReader,
  type Generation,
  type MailDelivery,
  type MailReaderOptions,
} from './mail-reader';
export { MAIL_TRY_MS, MailSender, type MailSenderOptions, type Stored, type Storing } from './mail-sender';
export {
  isLarge,
  keepPayload,
  MailPayloads,
  type MailPayloadsOptions,
  type PayloadNote,
} from './mail-payloads';
export { MailSites } from './mail-sites';
export { packed, packedBytes, type Parcel } from './parcels';

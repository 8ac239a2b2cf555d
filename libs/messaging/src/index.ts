export { carryMail } from './carry-mail';
export { DirectoryReader, type DirectoryNews } from './directory-reader';
export {
  isNoLater,
  MailReader,
  type Generation,
  type MailDelivery,
  type MailReaderOptions,
} from './mail-reader';
export { MailSender, type MailSenderOptions, type Stored } from './mail-sender';
export { MailSites } from './mail-sites';

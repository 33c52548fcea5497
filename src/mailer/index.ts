export { createMailer, type Mailer, type MailerConfig, type OutgoingMail } from './mailer';
export { parseSmtpUrl } from './smtp-url';

/** The keys that the stand-in knows: a few of those that a real server has. */

/** Compiled into the server and the Java program. Those of the validator: source of the mailbox, LC.java. */
export const JAVA_DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['zimbra_lmtp_validate_messages', 'true'],
  ['zimbra_lmtp_max_line_length', '10240'],
  ['zimbra_home', '/opt/zextras'],
  ['zimbra_user', 'zextras'],
  ['zimbra_mail_service_port', '80'],
  ['zimbra_admin_service_port', '7071'],
  ['imap_throttle_command_limit', '25'],
  ['zimbra_ldap_password', 'zextras'],
  ['zimbra_mysql_password', 'zextras'],
]);

/** The Go program knows about two dozen, and neither of the validator's. Which: synthetic, but for that. */
export const GO_DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['zimbra_home', '/opt/zextras'],
  ['zimbra_user', 'zextras'],
  ['zimbra_ldap_password', 'zextras'],
]);

/** Not edited without -f. */
export const PROTECTED: ReadonlySet<string> = new Set(['zimbra_ldap_password']);

export const isPassword = (key: string): boolean => key.endsWith('_password');

/** How the Dovecot of a test is configured. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const PASSWORD = 'correct-horse';

export interface DovecotOptions {
  /** Only these addresses are accounts; else every address is. */
  readonly users?: readonly string[];
  /** Bytes that a mailbox may hold. */
  readonly quota?: number;
  /** Offers TLS with a certificate that this makes. */
  readonly tls?: boolean;
  /** Whom that certificate is for, as openssl takes it. Default: `localhost` and 127.0.0.1. */
  readonly certificateNames?: string;
  /** Passwords may go in the clear. Default true. */
  readonly plaintext?: boolean;
  readonly separator?: '/' | '.';
  /** Folders that are there from the beginning, by their names, and what each is marked for. Default: see `USUAL`. */
  readonly marked?: Readonly<Record<string, string>>;
  /** More lines of configuration. */
  readonly more?: string;
}

/** Where it runs, as whom, and where it listens. */
interface DovecotPlace {
  readonly folder: string;
  readonly user: string;
  readonly imapPort: number;
  readonly imapsPort: number;
  readonly lmtpPort: number;
}

/** The Trash is there, and marked, once somebody makes it. */
const USUAL = ` mailbox "Sent Items" {
  special_use = \\Sent
  auto = create
 }
 mailbox Trash {
  special_use = \\Trash
 }`;

const markedFolders = (marked: Readonly<Record<string, string>>): string =>
  Object.entries(marked)
    .map(([name, use]) => ` mailbox "${name}" {\n  special_use = ${use}\n  auto = create\n }`)
    .join('\n');

/** The file of the accounts; empty when every address is one. */
export const userLines = ({ users = [] }: DovecotOptions): string =>
  users.map((name) => `${name}:{PLAIN}${PASSWORD}::::::\n`).join('');

export function configuration(options: DovecotOptions, place: DovecotPlace): string {
  const { folder, user } = place;
  const known = options.users
    ? `passdb {\n driver = passwd-file\n args = username_format=%u ${folder}/users\n}
userdb {\n driver = passwd-file\n args = username_format=%u ${folder}/users\n default_fields = uid=${user} gid=${user} home=${folder}/home/%u\n}`
    : `passdb {\n driver = static\n args = password=${PASSWORD}\n}
userdb {\n driver = static\n args = uid=${user} gid=${user} home=${folder}/home/%u allow_all_users=yes\n}`;
  const quota = options.quota
    ? `mail_plugins = $mail_plugins quota\nplugin {\n quota = count:User quota\n quota_rule = *:bytes=${options.quota}\n quota_vsizes = yes\n quota_grace = 0\n}\nprotocol imap {\n mail_plugins = $mail_plugins imap_quota\n}`
    : '';
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = ${user}
default_internal_group = ${user}
default_login_user = ${user}
first_valid_uid = 1
auth_mechanisms = plain login
auth_failure_delay = 0 secs
disable_plaintext_auth = ${options.plaintext === false ? 'yes' : 'no'}
ssl = ${options.tls ? 'yes' : 'no'}
${options.tls ? `ssl_cert = <${folder}/cert.pem\nssl_key = <${folder}/key.pem` : ''}
mail_home = ${folder}/home/%u
mail_location = sdbox:~/sdbox
mail_max_userip_connections = 20
mailbox_list_index = yes
${known}
passdb {
 driver = static
 master = yes
 args = password=master-of-all
}
auth_master_user_separator = *
namespace inbox {
 inbox = yes
 separator = ${options.separator ?? '/'}
${options.marked === undefined ? USUAL : markedFolders(options.marked)}
}
service imap-login {
 chroot =
 service_count = 0
 process_min_avail = 1
 client_limit = 200
 inet_listener imap {
  port = ${place.imapPort}
 }
 inet_listener imaps {
  port = ${options.tls ? place.imapsPort : 0}
  ssl = yes
 }
}
service imap {
 service_count = 100
 process_limit = 100
}
service lmtp {
 process_min_avail = 1
 client_limit = 1
 process_limit = 50
 inet_listener lmtp {
  address = 127.0.0.1
  port = ${place.lmtpPort}
 }
}
service anvil {
 chroot =
}
service stats {
 chroot =
}
service imap-urlauth-login {
 chroot =
}
protocol lmtp {
 postmaster_address = postmaster@example.com
 hostname = localhost
}
lda_mailbox_autocreate = yes
${quota}
${options.more ?? ''}
`;
}

export function makeCertificate(folder: string, names = 'DNS:localhost,IP:127.0.0.1'): void {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const whose = ['-subj', '/CN=lifeboat-test', '-addext', `subjectAltName=${names}`];
  const out = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem'), '-days', '30'];
  const { status, stderr } = spawnSync('openssl', [...args, ...whose, ...out], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl failed: ${stderr}`);
}

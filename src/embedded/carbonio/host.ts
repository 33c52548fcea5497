/** Everything that a running stand-in is. One object a daemon; it alone writes the files in `state/`. */
import { appendFileSync, existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MARKER } from '../../backup-path/layout';
import { BackupPath } from '../../backup-path/store';
import { Directory } from './directory';
import { Faults } from './faults';
import { LiveConfig } from './localconfig/live';
import { MailBoxes } from './mail-box';
import { Mailboxes, type Account } from './mailboxes';
import { LEVELS, Notifications, type Level } from './notifications';
import { OperationQueue } from './operations/queue';
import { NOTIFICATION_LEVEL, Properties } from './properties';
import { Quotas } from './quotas';
import { Refusal } from './refusal';
import { Services } from './services';
import { VendorDialect } from './vendor-dialect';
import { placesOf, type Places, type Settings } from './settings';

export class Host {
  readonly places: Places;
  readonly live: LiveConfig;
  readonly faults: Faults;
  readonly properties: Properties;
  readonly notifications: Notifications;
  readonly queue: OperationQueue;
  readonly mailboxes: Mailboxes;
  readonly directory: Directory;
  readonly quotas: Quotas;
  /** As the SOAP service shows them. */
  readonly boxes = new MailBoxes();
  readonly services: Services;
  readonly vendor: VendorDialect;

  constructor(
    readonly dir: string,
    readonly settings: Settings,
  ) {
    this.places = placesOf(dir);
    // copies of operations that a crash ended
    rmSync(this.places.work, { recursive: true, force: true });
    this.vendor = new VendorDialect(this.places.work);
    const state = (name: string): string => join(this.places.state, name);
    this.live = new LiveConfig(this.places.localconfig);
    this.faults = new Faults(this.places.faults);
    this.properties = new Properties(state('properties.json'), this.places.backup);
    this.notifications = new Notifications(state('notifications.json'), settings.host, () => this.level());
    this.mailboxes = new Mailboxes(this.places.mailboxes);
    this.directory = new Directory(state('directory.json'), settings, this.mailboxes);
    this.quotas = new Quotas(state('lifted-quotas.json'));
    this.queue = new OperationQueue(
      state('operations.json'),
      this.faults,
      this.notifications,
      (operation, e) => this.log(`operation ${operation.id} (${operation.name}) failed`, e),
    );
    this.services = new Services(this.properties, settings.host, this.queue);
  }

  log(what: string, error?: unknown): void {
    const why = error instanceof Error ? `: ${error.stack ?? error.message}` : '';
    appendFileSync(this.places.log, `${new Date().toISOString()} ${what}${why}\n`);
  }

  /** Null when it worked. */
  reload(): string | null {
    if (this.faults.take('reload-fails') !== null) return 'reload of the configuration failed';
    try {
      this.live.reload();
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Absolute path of this server's own Backup Path, as its property says now. */
  get backupPath(): string {
    return resolve(this.properties.get('server', this.settings.host, 'ZxBackup_DestPath').value);
  }

  get backupInitialised(): boolean {
    return existsSync(join(this.backupPath, MARKER));
  }

  /** @param path null: the server's own @throws Refusal, Problem */
  openBackup(path: string | null): BackupPath {
    const root = path ?? this.backupPath;
    if (path === null && !this.backupInitialised)
      throw new Refusal(`the backup path ${root} is not initialized`);
    return BackupPath.open(this.vendor.readable(root));
  }

  /** @throws Refusal */
  account(wanted: string): Account {
    const found = this.mailboxes.find(wanted);
    if (found === undefined) throw new Refusal(`no such account: ${wanted}`);
    return found;
  }

  /** Off by account, or by its class. */
  isBackedUp({ name, cos }: Account): boolean {
    return this.properties.get('account', name, 'backupEnabled', cos).value.toLowerCase() !== 'false';
  }

  private level(): Level {
    const { value } = this.properties.get('global', '', NOTIFICATION_LEVEL);
    return LEVELS.find((level) => level.toLowerCase() === value.toLowerCase()) ?? 'Information';
  }
}

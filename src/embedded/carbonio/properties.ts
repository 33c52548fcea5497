/** Attributes of the configuration: global, of the server, of a class of service, an account, a domain. */
import { readJson, writeJson } from './settings';

export const SCOPES = ['global', 'server', 'cos', 'account', 'domain'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Attribute {
  readonly module: 'ZxBackup' | 'ZxCore';
  readonly scopes: readonly Scope[];
  readonly value: string;
}

/** Not among the documented ones: how the level of notifications is set is not known. */
export const NOTIFICATION_LEVEL = 'ZxCore_NotificationLevel';

const ANYWHERE = ['global', 'server'] as const;
const backup = (value: string, scopes: readonly Scope[] = ANYWHERE): Attribute => ({
  module: 'ZxBackup',
  scopes,
  value,
});

/** Names are documented; defaults as far as they are, else synthetic. The Backup Path is one in the stand-in's folder. */
export const attributesOf = (backupPath: string): Record<string, Attribute> => ({
  ZxBackup_DestPath: backup(`${backupPath}/`, ['server', 'global']),
  ZxBackup_RealTimeScanner: backup('TRUE'),
  ZxBackup_ModuleEnabledAtStartup: backup('TRUE'),
  ZxBackup_DoSmartScanOnStartup: backup('FALSE'),
  ZxBackup_DataRetentionDays: backup('30'),
  backupAccountsRetentionDays: backup('30'),
  backupSmartScanScheduler: backup('{"cron-enabled":true,"cron-pattern":"0 4 * * *"}'),
  backupPurgeScheduler: backup('{"cron-enabled":true,"cron-pattern":"0 4 * * 6"}'),
  // not documented under this name
  backupCoherencyCheckScheduler: backup('{"cron-enabled":false,"cron-pattern":"0 4 1 * *"}'),
  ZxBackup_SpaceThreshold: backup('10240'),
  backupLocalMetadataThreshold: backup('1024'),
  ZxBackup_MaxMetadataSize: backup('50'),
  ZxBackup_MaxOperationPerAccount: backup('50'),
  ZxBackup_MaxWaitingTime: backup('60000'),
  backupCompressionLevel: backup('6'),
  backupNumberThreadsForItems: backup('2'),
  backupNumberThreadsForAccounts: backup('1'),
  ZxBackup_BackupCustomizations: backup('TRUE'),
  ZxBackup_PurgeCustomizations: backup('TRUE'),
  ldapDumpEnabled: backup('TRUE'),
  backupEnabled: backup('true', ['cos', 'account']),
  backupSelfUndeleteAllowed: backup('false', ['cos', 'account']),
  ZxCore_LogLevel: { module: 'ZxCore', scopes: ANYWHERE, value: '1' },
  [NOTIFICATION_LEVEL]: { module: 'ZxCore', scopes: ['global'], value: 'Information' },
});

export interface Found {
  readonly value: string;
  readonly isInherited: boolean;
}

/** Where an object looks when it has no value of its own. `cos` is that of an account. */
const ABOVE: Record<Scope, readonly Scope[]> = {
  ...{ global: [], server: ['global'], cos: ['global'], domain: ['global'], account: ['cos', 'global'] },
};

export class Properties {
  private readonly values: Record<string, Record<string, string>>;
  readonly known: Record<string, Attribute>;

  constructor(
    private readonly file: string,
    backupPath: string,
  ) {
    this.known = attributesOf(backupPath);
    this.values = readJson(file, {});
  }

  /** @param object '' for global; @param cos of an account */
  get(scope: Scope, object: string, attribute: string, cos = 'default'): Found {
    const own = this.at(scope, object)[attribute];
    if (own !== undefined) return { value: own, isInherited: false };
    for (const above of ABOVE[scope]) {
      const value = this.at(above, above === 'cos' ? cos : '')[attribute];
      if (value !== undefined) return { value, isInherited: true };
    }
    return { value: this.known[attribute]?.value ?? '', isInherited: true };
  }

  set(scope: Scope, object: string, attribute: string, value: string): void {
    this.values[keyOf(scope, object)] = { ...this.at(scope, object), [attribute]: value };
    writeJson(this.file, this.values);
  }

  unset(scope: Scope, object: string, attribute: string): void {
    const { [attribute]: _removed, ...rest } = this.at(scope, object);
    this.values[keyOf(scope, object)] = rest;
    writeJson(this.file, this.values);
  }

  private at(scope: Scope, object: string): Record<string, string> {
    return this.values[keyOf(scope, object)] ?? {};
  }
}

const keyOf = (scope: Scope, object: string): string => `${scope} ${object.toLowerCase()}`.trim();

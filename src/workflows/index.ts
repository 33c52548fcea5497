export { setBackupEnabled } from './backup-enabled';
export { backupEnabledGuard } from './backup-enabled-guard';
export { disasterRecovery } from './disaster-recovery';
export { externalRestore } from './external-restore';
export { fetchOffsite } from './fetch-offsite';
export { offsiteSync } from './offsite-sync';
export {
  coherencyCheck,
  exportBackup,
  itemRestore,
  purge,
  restoreOnNewAccount,
  smartScan,
  undelete,
} from './host-operations';
export { operationQueue } from './operation-queue';
export { overrideGuard } from './override-guard';
export { overrideWatchdog } from './override-watchdog';
export { rescueItems } from './rescue-items';
export { restoreInvalidItems } from './restore-invalid-items';
export { restoreFromCopy } from './restore-from-copy';
export { retryUnrestored } from './retry-unrestored';
export { sameServerRestore } from './same-server-restore';
export { snapshotRecovery } from './snapshot-recovery';
export { validatorOverride } from './validator-override';
export { verify } from './verify';
export { verifyOffsite } from './verify-offsite';

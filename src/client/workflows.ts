/** The workflows that people start, by the name that Temporal knows them by. */
import type { z } from 'zod';
import {
  backupEnabledGuardExample,
  backupEnabledGuardInput,
  setBackupEnabledExample,
  setBackupEnabledInput,
} from '../contracts/backup-enabled';
import { disasterRecoveryExample, disasterRecoveryInput } from '../contracts/disaster-recovery';
import { externalRestoreExample, externalRestoreInput } from '../contracts/external-restore';
import { fetchOffsiteExample, fetchOffsiteInput } from '../contracts/fetch-offsite';
import { offsiteSyncExample, offsiteSyncInput } from '../contracts/offsite-sync';
import {
  HOST_EXAMPLES,
  HOST_INPUTS,
  HOST_TITLES,
  type HostOperationName,
} from '../contracts/host-operations';
import { rescueItemsExample, rescueItemsInput } from '../contracts/rescue-items';
import {
  overrideWatchdogExample,
  overrideWatchdogInput,
  validatorOverrideExample,
  validatorOverrideInput,
} from '../contracts/override';
import { restoreInvalidItemsExample, restoreInvalidItemsInput } from '../contracts/restore-invalid-items';
import { retryUnrestoredExample, retryUnrestoredInput } from '../contracts/retry-unrestored';
import { sameServerRestoreExample, sameServerRestoreInput } from '../contracts/same-server-restore';
import { snapshotRecoveryExample, snapshotRecoveryInput } from '../contracts/snapshot-recovery';
import { verifyExample, verifyInput } from '../contracts/verify';
import { verifyOffsiteExample, verifyOffsiteInput } from '../contracts/verify-offsite';

export interface KnownWorkflow {
  readonly what: string;
  readonly schema: z.ZodType;
  readonly example: object;
  /** Fields that workflows use among themselves. */
  readonly internal: readonly string[];
}

export const WORKFLOWS: ReadonlyMap<string, KnownWorkflow> = new Map<string, KnownWorkflow>([
  [
    'externalRestore',
    {
      what: 'brings a Backup Path back into mailboxes',
      schema: externalRestoreInput,
      example: externalRestoreExample,
      internal: ['turnOf', 'turn', 'carry', 'engineChoice', 'onlyItems', 'recovery'],
    },
  ],
  [
    'disasterRecovery',
    {
      what: 'brings a lost server back, step by step, with people where people decide',
      schema: disasterRecoveryInput,
      example: disasterRecoveryExample,
      internal: [],
    },
  ],
  [
    'sameServerRestore',
    {
      what: 'restores accounts from a copy of the Backup Path to the server that it belongs to',
      schema: sameServerRestoreInput,
      example: sameServerRestoreExample,
      internal: [],
    },
  ],
  [
    'snapshotRecovery',
    {
      what: 'restores on a clone of a virtual machine what its snapshot lacks',
      schema: snapshotRecoveryInput,
      example: snapshotRecoveryExample,
      internal: [],
    },
  ],
  [
    'fetchOffsite',
    {
      what: 'brings an offsite copy back to this machine',
      schema: fetchOffsiteInput,
      example: fetchOffsiteExample,
      internal: [],
    },
  ],
  [
    'offsiteSync',
    {
      what: 'copies a Backup Path to another place',
      schema: offsiteSyncInput,
      example: offsiteSyncExample,
      internal: [],
    },
  ],
  [
    'overrideWatchdog',
    {
      what: 'puts back settings of the host that were changed for a while and forgotten',
      schema: overrideWatchdogInput,
      example: overrideWatchdogExample,
      internal: [],
    },
  ],
  [
    'validatorOverride',
    {
      what: 'changes the LMTP validator until it is told that this is no longer needed',
      schema: validatorOverrideInput,
      example: validatorOverrideExample,
      internal: ['patienceSeconds'],
    },
  ],
  [
    'setBackupEnabled',
    {
      what: 'switches the backup of a class of service or an account on or off, at once',
      schema: setBackupEnabledInput,
      example: setBackupEnabledExample,
      internal: [],
    },
  ],
  [
    'backupEnabledGuard',
    {
      what: 'warns before the backup of what is switched off is purged; for a daily Schedule',
      schema: backupEnabledGuardInput,
      example: backupEnabledGuardExample,
      internal: [],
    },
  ],
  [
    'rescueItems',
    {
      what: 'saves what can be had of items that could not be restored',
      schema: rescueItemsInput,
      example: rescueItemsExample,
      internal: [],
    },
  ],
  [
    'restoreInvalidItems',
    {
      what: 'restores the items that the mail host refused, with its LMTP validator changed meanwhile',
      schema: restoreInvalidItemsInput,
      example: restoreInvalidItemsExample,
      internal: ['turnOf', 'turn'],
    },
  ],
  [
    'retryUnrestored',
    {
      what: 'tries again what a restore could not bring back',
      schema: retryUnrestoredInput,
      example: retryUnrestoredExample,
      internal: [],
    },
  ],
  [
    'verify',
    {
      what: 'reads a Backup Path and tells what is wrong with it',
      schema: verifyInput,
      example: verifyExample,
      internal: ['carry'],
    },
  ],
  [
    'verifyOffsite',
    {
      what: 'reads an offsite copy, or compares it with its Backup Path',
      schema: verifyOffsiteInput,
      example: verifyOffsiteExample,
      internal: [],
    },
  ],
  ...(Object.keys(HOST_INPUTS) as HostOperationName[]).map((name): [string, KnownWorkflow] => [
    name,
    {
      what: HOST_TITLES[name].what,
      schema: HOST_INPUTS[name],
      example: HOST_EXAMPLES[name],
      internal: ['turn', 'carry'],
    },
  ]),
]);

/** By its name, or the same in words with hyphens: `externalRestore`, `external-restore`. */
export function findWorkflow(name: string): KnownWorkflow | undefined {
  return WORKFLOWS.get(name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

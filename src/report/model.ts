/** What a report of a restore says, whatever form it is written in. */
import type { Evidence } from '../backup-path/evidence';
import type { RECOVERIES } from '../contracts/recovery';

/** Why an item is not in the target. The first two are the vendor's "read error" and "broken". */
export const ITEM_CLASSES = ['read', 'broken', 'invalid', 'unsupported', 'doubtful', 'unclassed'] as const;
export type ItemClass = (typeof ITEM_CLASSES)[number];

/** How people call the classes. */
export const CLASS_NAMES: Record<ItemClass, string> = {
  read: 'read error',
  broken: 'broken',
  invalid: 'invalid',
  unsupported: 'unsupported by the target',
  doubtful: 'doubtful',
  unclassed: 'not classed',
};

/** One item that was not restored. `reason` names the file and the evidence in words. */
export interface Finding {
  readonly item: number;
  readonly class: ItemClass;
  readonly reason: string;
  readonly evidence?: Evidence;
  /** Where it was saved beside the report, relative to the report's folder. */
  readonly savedAs?: string;
}

/** Something worth knowing of an item that *was* restored, or of a folder. */
export interface Note {
  readonly item: number;
  readonly text: string;
}

/**
 * Items are metadata files whose type carries a blob, or which cannot be read:
 * `source = restored + skipped + filtered + unrestored`. Folders, tags and mountpoints are counted apart.
 */
export interface Counters {
  source: number;
  restored: number;
  skipped: number;
  filtered: number;
  unrestored: number;
  folders: number;
  tags: number;
  mountpoints: number;
  /** Raw bytes of the restored items. */
  bytes: number;
}

export const COUNTER_NAMES = [
  'source',
  'restored',
  'skipped',
  'filtered',
  'unrestored',
  'folders',
  'tags',
  'mountpoints',
  'bytes',
] as const satisfies readonly (keyof Counters)[];

export function zeroCounters(): Counters {
  return {
    source: 0,
    restored: 0,
    skipped: 0,
    filtered: 0,
    unrestored: 0,
    folders: 0,
    tags: 0,
    mountpoints: 0,
    bytes: 0,
  };
}

export function addCounters(sum: Counters, more: Readonly<Counters>): void {
  for (const name of COUNTER_NAMES) sum[name] += more[name];
}

export interface AccountReport {
  readonly name: string;
  readonly id: string;
  /** Why none of its items were to be restored; absent for accounts that were. */
  readonly excluded?: string;
  readonly counters: Counters;
  /** May be long: iterated once, never held. */
  readonly findings: Iterable<Finding>;
  readonly notes: Iterable<Note>;
}

/** One point of the chart: seconds since the start, items handled until then. */
export interface ProgressPoint {
  readonly seconds: number;
  readonly items: number;
}

export interface NotificationResult {
  readonly event: string;
  readonly to: readonly string[];
  /** `sent`, or why not. */
  readonly outcome: string;
}

/** How the restore of the invalid items ended that followed a restore. */
export interface RetriedInvalid {
  readonly operationId: string;
  readonly items: number;
  readonly restored: number;
  /** Of those that were not restored, refused once more. */
  readonly stillInvalid: number;
  /** What was changed on the mail host meanwhile and how it went back, or why nothing was. A sentence. */
  readonly how: string;
  /** Folder of its own report. */
  readonly reportDir: string | null;
  /** The list of these items. */
  readonly list: string | null;
  /** Why it did not come to its end. */
  readonly failure?: string;
}

export type ReportStatus = 'completed' | 'partial' | 'cancelled' | 'failed';

/** What a restore may be told to leave out beside the items. */
export const PROVISION_RULES = [
  'skipAliases',
  'skipDistributionLists',
  'skipCoses',
  'skipAccountProvisioning',
  'skipDomainProvisioning',
  'restoreDatasource',
] as const;

export interface ReportHead {
  readonly version: 1;
  readonly operationId: string;
  readonly operation: 'External Restore' | (typeof RECOVERIES)[number];
  readonly status: ReportStatus;
  /** For `failed`: what went wrong and what to do. */
  readonly failure?: string;
  readonly engine: { readonly name: string; readonly reason: string };
  readonly source: {
    readonly path: string;
    readonly serverName: string;
    readonly serverId: string;
    readonly dialect: string;
  };
  readonly target: { readonly url: string; readonly description: string };
  /** The rules by which items were chosen and delivered: a retry goes by the same. */
  readonly options?: {
    readonly target?: string;
    /** ISO 8601; absent: as it is now. */
    readonly date?: string;
    readonly filterDeleted: boolean;
    readonly maxFileSize: number | null;
    readonly onInvalid: 'report' | 'save' | 'retry' | 'retryWithoutValidator';
    readonly provisioning?: Readonly<Partial<Record<(typeof PROVISION_RULES)[number], boolean>>>;
  };
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Seconds a phase took, in order. */
  readonly phases: readonly { readonly name: string; readonly seconds: number }[];
  /** Null: who made them does not tell. */
  readonly provisioned: {
    readonly domains: number;
    readonly coses: number;
    readonly lists: number;
    readonly accounts: number;
    readonly aliases: number;
    readonly existing: number;
  } | null;
  /** What became of the invalid items at the end; they are counted by where they are now. */
  readonly retriedInvalid?: RetriedInvalid;
  readonly totals: Counters;
  readonly unrestoredByClass: Record<ItemClass, number>;
  /** Of the operation as a whole: warnings of the preflight, what provisioning could not take over. */
  readonly notes: readonly string[];
  readonly notifications: readonly NotificationResult[];
  readonly progress: readonly ProgressPoint[];
}

export interface RestoreReport {
  readonly head: ReportHead;
  readonly accounts: Iterable<AccountReport>;
}

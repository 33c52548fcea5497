/**
 * What the restore needs of a place that holds mailboxes. Each kind of target implements this and
 * nothing else; the restore engine (src/restore) knows targets only through it.
 */
import type { Readable } from 'node:stream';
import { Problem } from '../failures';

/** An account of the source, as a target needs it. `name` is the checked mail address. */
export interface TargetAccount {
  readonly id: string;
  readonly name: string;
}

/** The content of a message: in memory when small (at most 8 MiB), else a stream that can be opened again. */
export type MessageContent =
  | { readonly kind: 'memory'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly size: number; open(): Readable };

export interface OutgoingMessage {
  /** Item id in the source. */
  readonly itemId: number;
  /** `contact`, `appointment`, … for what the target `accepts` beside messages. Default: `message`. */
  readonly type?: string;
  /** Stable and unique for source server, account and item: 24 lower-case hex digits. */
  readonly key: string;
  /** A folder as `folder()` or `systemFolder()` returned it. */
  readonly folder: string;
  /** The server's letters (u unread, f flagged, r replied, w forwarded, d draft, x deleted, …). */
  readonly flags: string;
  readonly tags: readonly string[];
  /** Delivery date, epoch milliseconds. */
  readonly date: number;
  readonly content: MessageContent;
}

export type DeliveryOutcome =
  /** Taken; `notes` say what could not be kept (a keyword left off, say). */
  | { readonly kind: 'accepted'; readonly notes: readonly string[] }
  /** The target refuses this message for what it is: class *invalid*. */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** It was taken, says the target, and yet it is not there: class *doubtful*. */
  | { readonly kind: 'doubtful'; readonly reason: string };

/** By item id. */
export type LateOutcomes = ReadonlyMap<number, DeliveryOutcome>;

/** What is known of the messages since `announce` when the delivery failed half-way; all others were not taken. */
export interface PartlyKnown {
  readonly taken: ReadonlySet<number>;
  /** The content was sent, and there was no answer. */
  readonly unanswered: ReadonlySet<number>;
}

/** A message that an attempt may or may not have delivered before it died. */
export interface DoubtfulMessage {
  readonly itemId: number;
  readonly key: string;
  /** As `announce` answered for its folder; null when it was not asked. */
  readonly trace?: string | null;
  /** What was delivered; null when it cannot be read any more. */
  sent?(): Promise<SentMessage | null>;
}

export type SentMessage = Pick<OutgoingMessage, 'content' | 'flags' | 'tags' | 'date'>;

/** What a listing of a mailbox finds: a message that we delivered (by its key), or any other by its digest. */
export type ExistingMessage =
  | { readonly kind: 'ours'; readonly itemId: number; readonly key: string }
  /** `digest`: SHA-256 of the bytes in the form that the Backup Path uses for blob names. */
  | { readonly kind: 'other'; readonly digest: string };

export interface FolderResult {
  /** The target's name of the folder, to be used in {@link OutgoingMessage.folder}. */
  readonly folder: string;
  /** True when the target had no such folder. */
  readonly created: boolean;
  /** Set when the name had to differ from the source's: how it is called now, for the report. */
  readonly renamedTo?: string;
}

export type SystemFolder =
  | 'Inbox'
  | 'Trash'
  | 'Junk'
  | 'Sent'
  | 'Drafts'
  | 'Contacts'
  | 'Calendar'
  | 'Tasks'
  | 'Emailed Contacts'
  | 'Chats'
  | 'Briefcase';

/** One mailbox of the target, opened for one slice attempt. */
export interface Mailbox {
  /** Removes what earlier, interrupted attempts left half-written of the messages that `isOurs` knows. */
  cleanLeftovers(isOurs: (itemId: number, key: string) => boolean): Promise<void>;
  /**
   * Every message that is there, once, in every folder, or in the one that `folder()` answered. `onProgress` is called
   * now and then.
   */
  existing(onProgress: (seen: number) => void, folder?: string): AsyncIterable<ExistingMessage>;
  /**
   * Which of these messages of ours are there, in any folder and whatever was done to them since. `note`: what could not
   * be put right with one of them.
   */
  findDelivered(
    messages: readonly DoubtfulMessage[],
    note: (itemId: number, text: string) => void,
  ): Promise<Set<number>>;
  /** False: nobody can say what became of a message whose answer was lost, and `findDelivered` is never called. */
  readonly canLook?: false;
  /**
   * Told before the intents of a batch are written: into which folders it goes. Answers, by folder, what
   * `findDelivered` will want to know. `stillCurrent` as in `commit`, for targets where a message can be seen at once.
   */
  announce?(folders: readonly string[], stillCurrent: () => void): Promise<ReadonlyMap<string, string>>;
  /** The digest under which `existing()` lists this content, when the target keeps it in another form; else null. */
  storedDigest?(content: MessageContent): Promise<string | null>;
  /** Which folder has a role is a guess from names and marks: what was chosen once is kept. */
  readonly guessesRoles?: true;
  /** Changes when the mailbox was emptied or made anew: what is known of the old one says nothing about it. */
  readonly instance?: string;
  systemFolder(role: SystemFolder): Promise<FolderResult>;
  /**
   * The folder `name` below `parent` (undefined: the top level); created when missing, reused when it is
   * there. `taken(candidate)` tells whether another folder of the source already has that target name: then
   * `-2`, `-3`, … is added.
   */
  folder(
    parent: string | undefined,
    name: string,
    taken: (candidate: string) => boolean,
  ): Promise<FolderResult>;
  /** Makes sure that a folder which `folder()` answered in an earlier run is there; created again when it is not. */
  ensureFolder(folder: string): Promise<void>;
  /** Makes a tag that may be on no item. Absent: tags are only with items. */
  tag?(name: string): Promise<void>;
  /** Whether items of this type can be held at all. */
  accepts(type: string): boolean;
  /** Takes a message. Users see nothing of it before `commit()`. */
  deliver(message: OutgoingMessage): Promise<DeliveryOutcome>;
  /**
   * Makes everything delivered since the last commit visible and durable. `stillCurrent` throws when a newer
   * attempt has taken over; it is called as late as possible before the messages become visible. Answers what became
   * of messages otherwise than `deliver` said.
   */
  commit(stillCurrent: () => void): Promise<void | LateOutcomes>;
  /**
   * After `deliver` or `commit` threw, for a target with `canLook: false`: only what is really in doubt is then left in
   * doubt. Waits until nothing is on its way any more.
   */
  partlyKnown?(): Promise<PartlyKnown>;
  /** Drops what was delivered but not committed. */
  close(): Promise<void>;
}

export interface ProvisionOptions {
  readonly skipDomainProvisioning: boolean;
  readonly skipAccountProvisioning: boolean;
  readonly skipAliases: boolean;
  readonly skipDistributionLists: boolean;
  readonly skipCoses: boolean;
  readonly overwriteAccounts: boolean;
}

export interface ProvisionDomain {
  readonly name: string;
  readonly attributes: Record<string, string | string[]>;
}
export interface ProvisionCos extends ProvisionDomain {
  readonly id: string;
}
export interface ProvisionList extends ProvisionDomain {
  readonly members: readonly string[];
}
export interface ProvisionAccount extends TargetAccount {
  readonly displayName: string | null;
  readonly status: 'active' | 'locked' | 'closed' | 'deleted';
  /** Name of the COS, when known. */
  readonly cos: string | null;
  readonly aliases: readonly string[];
  readonly passwordHash: string | null;
  readonly attributes: Record<string, string | string[]>;
  readonly signatures: readonly { name: string; html: string }[];
}

export interface ProvisionPlan {
  readonly domains: readonly ProvisionDomain[];
  readonly coses: readonly ProvisionCos[];
  readonly lists: readonly ProvisionList[];
  /** Streamed: a site may have hundreds of thousands. */
  readonly accounts: Iterable<ProvisionAccount>;
  readonly options: ProvisionOptions;
}

export interface ProvisionCounts {
  domains: number;
  coses: number;
  lists: number;
  accounts: number;
  aliases: number;
  /** What was there already and was left as it was, all kinds together. */
  existing: number;
  /** What could not be taken over, one sentence each (at most 1,000). */
  notes: string[];
}

/** What phase 3 brings for one account. */
export interface AccountExtras {
  readonly mountpoints: readonly { itemId: number; folder: number; name: string | null }[];
  readonly shares: readonly { folder: string; grantee: string; rights: string }[];
  readonly dataSources: readonly { name: string; type: string; host: string; user: string }[];
}

export interface MailTarget {
  readonly kind: string;
  /** Identity for the ledger: the same place always has the same id, whatever way it was written. */
  readonly id: string;
  /**
   * Random, made when the target was first used and kept in it. The same path with another instance is another
   * target: the ledger of the old one says nothing about it.
   */
  readonly instance: string;
  /** The real path of a target on this machine; null for a remote one. */
  readonly path: string | null;
  /** Seconds in which the target finishes or drops what was sent by somebody who died since. Absent: at once. */
  readonly settleSeconds?: number;
  /** Where the mailboxes are, for the report. */
  readonly description: string;
  /**
   * Throws a Problem when the target cannot take mail now: `TargetUnavailable`, or `TargetRefused` when it
   * never will. Cheap: it is called again whenever something fails.
   */
  check(): Promise<void>;
  /** Free bytes, or null when the target cannot tell. */
  freeBytes(): Promise<number | null>;
  provision(plan: ProvisionPlan, onProgress: (accounts: number) => void): Promise<ProvisionCounts>;
  /** Whether this account is there. */
  hasAccount(account: TargetAccount): Promise<boolean>;
  openMailbox(account: TargetAccount): Promise<Mailbox>;
  /** Phase 3. Answers what could not be held, one sentence each. */
  addExtras(account: TargetAccount, extras: AccountExtras): Promise<string[]>;
  close(): Promise<void>;
}

/** The server answers, and this mailbox is not to be had now: who uses others need not wait. */
export const isMailboxAway = (error: unknown, address: string): error is Problem =>
  error instanceof Problem && error.type === 'TargetUnavailable' && error.details.mailbox === address;

/** Which folder of the target stands for a folder of the source. */
import { Defect } from '../backup-path/defect';
import type { ItemState } from '../backup-path/model';
import type { BackupPath } from '../backup-path/store';
import { Problem } from '../failures';
import type { AccountLedger } from '../ledger/account-ledger';
import type { Mailbox, SystemFolder } from '../mail/target';
import { folderState, type View } from './view';

const ROOT = 1;
/** Folders that every mailbox has without a metadata file (backup-path-format; 13, 14 and 16 by the server's table). */
export const SYSTEM_FOLDERS: ReadonlyMap<number, SystemFolder> = new Map([
  [2, 'Inbox'],
  [3, 'Trash'],
  [4, 'Junk'],
  [5, 'Sent'],
  [6, 'Drafts'],
  [7, 'Contacts'],
  [10, 'Calendar'],
  [13, 'Emailed Contacts'],
  [14, 'Chats'],
  [15, 'Tasks'],
  [16, 'Briefcase'],
]);
/** Deeper than any mailbox; a longer chain is a circle. */
const MAX_DEPTH = 200;

export interface ResolvedFolder {
  readonly folder: string;
  /** What the report should say of the folder, when it is not simply there. */
  readonly note: string | null;
}

/**
 * Resolves folders by looking up their metadata by id, so that no pass over all items is needed before the first
 * one is restored. What was decided once stands in the ledger, and stays so in later runs.
 */
export class FolderResolver {
  private readonly known = new Map<number, string>();

  constructor(
    private readonly store: BackupPath,
    private readonly accountId: string,
    private readonly mailbox: Mailbox,
    private readonly ledger: AccountLedger,
    private readonly onNote: (folderId: number, text: string) => void,
    private readonly view: View,
  ) {}

  /** The target's folder for a folder id, created when missing. A folder nobody knows becomes `unknown_<id>`. */
  async resolve(id: number): Promise<string> {
    return (await this.onlyFolder()) ?? this.resolveChain(id, new Set());
  }

  /** The one folder that everything goes into, made when it is missing; null when each goes where it was. */
  async onlyFolder(): Promise<string | null> {
    if (this.view.folder === null) return null;
    const known = this.known.get(ROOT);
    if (known !== undefined) return known;
    const { folder } = await this.mailbox.folder(undefined, this.view.folder, () => false);
    this.known.set(ROOT, folder);
    return folder;
  }

  private async resolveChain(id: number, path: Set<number>): Promise<string> {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const folder = await this.create(id, path);
    this.known.set(id, folder);
    return folder;
  }

  private async create(id: number, path: Set<number>): Promise<string> {
    const system = id === ROOT ? 'Inbox' : SYSTEM_FOLDERS.get(id);
    if (system) return this.systemFolder(id, system);
    const chosen = this.ledger.folder(id);
    if (chosen !== undefined) {
      const refusal = await refused(this.mailbox.ensureFolder(chosen));
      if (!(refusal instanceof Problem)) return chosen;
    }
    const state = path.has(id) || path.size > MAX_DEPTH ? null : this.lookUp(id);
    const name = state?.name || `unknown_${id}`;
    if (!state?.name) this.onNote(id, `folder ${id} is not in the backup; its items are in "${name}"`);
    path.add(id);
    const parent = state && state.folder !== ROOT ? await this.resolveChain(state.folder, path) : undefined;
    const result = await refused(
      this.mailbox.folder(parent, name, (candidate) => this.ledger.folderTaken(candidate, id)),
    );
    if (result instanceof Problem) return this.instead(id, name, result, parent);
    // of a folder that could not be looked up nothing is decided: a later run may know it
    if (state?.name) this.ledger.setFolder(id, result.folder);
    if (result.renamedTo) this.onNote(id, `folder "${name}" is called "${result.renamedTo}" in the target`);
    return result.folder;
  }

  private async systemFolder(id: number, role: SystemFolder): Promise<string> {
    const keeps = this.mailbox.guessesRoles === true && role !== 'Inbox';
    const chosen = keeps ? this.ledger.folder(id) : undefined;
    if (chosen !== undefined) {
      const refusal = await refused(this.mailbox.ensureFolder(chosen));
      if (!(refusal instanceof Problem)) return chosen;
    }
    const made = await refused(this.mailbox.systemFolder(role));
    if (!(made instanceof Problem)) {
      if (keeps) this.ledger.setFolder(id, made.folder);
      return made.folder;
    }
    if (role === 'Inbox') throw made;
    return this.instead(id, role, made);
  }

  /** One folder that the target refuses takes no other with it. Not decided for good: a later run may have it made. */
  private async instead(id: number, name: string, refusal: Problem, parent?: string): Promise<string> {
    const folder = parent ?? (await this.mailbox.systemFolder('Inbox')).folder;
    this.onNote(id, `folder "${name}" is refused, its items are in "${folder}": ${refusal.message}`);
    return folder;
  }

  /** Null when the folder has no readable metadata: its items go to a folder of their own, none is lost for it. */
  private lookUp(id: number): ItemState | null {
    try {
      const state = folderState(this.view, this.store.itemById(this.accountId, id));
      return state?.type === 'folder' ? state : null;
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      this.store.assertThere();
      return null;
    }
  }
}

/** What a target answers, or that it refuses this; what may pass is thrown. */
async function refused<T>(answer: Promise<T>): Promise<T | Problem> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem && error.type === 'TargetRefused') return error;
    throw error;
  }
}

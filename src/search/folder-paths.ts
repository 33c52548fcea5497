/** The paths of folders, from their metadata. */
import { Defect } from '../backup-path/defect';
import type { BackupPath } from '../backup-path/store';
import { SYSTEM_FOLDERS } from '../restore/folders';

const ROOT = 1;

export class FolderPaths {
  private readonly known = new Map<number, string>();

  constructor(
    private readonly store: BackupPath,
    private readonly accountId: string,
  ) {}

  /** `Inbox`, `Inbox/Work`; `unknown_<id>` for a folder without usable metadata, and where they lead round in a circle. */
  of(id: number): string {
    const path = this.known.get(id) ?? this.resolve(id);
    this.known.set(id, path);
    return path;
  }

  private resolve(id: number): string {
    const names: string[] = [];
    const passed = new Set<number>();
    for (let at = id; at !== ROOT;) {
      const system = SYSTEM_FOLDERS.get(at);
      const folder = passed.has(at) || system !== undefined ? null : this.lookUp(at);
      names.unshift(system ?? folder?.name ?? `unknown_${at}`);
      if (folder === null) break;
      passed.add(at);
      at = folder.parent;
    }
    return names.join('/');
  }

  private lookUp(id: number): { name: string | null; parent: number } | null {
    try {
      const state = this.store.itemById(this.accountId, id).at(-1);
      return state?.type === 'folder' ? { name: state.name, parent: state.folder } : null;
    } catch (error) {
      if (error instanceof Defect) return null;
      throw error;
    }
  }
}

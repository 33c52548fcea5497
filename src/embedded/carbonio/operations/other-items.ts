/** Contacts, appointments and the like, which a Maildir cannot hold: which of them were restored before. */
import { readJson, writeJson } from '../settings';

export class OtherItems {
  constructor(
    private readonly file: string,
    private readonly serverId: string,
  ) {}

  /** @returns how many of them were known */
  add(accountId: string, items: readonly number[]): number {
    if (items.length === 0) return 0;
    const all = readJson<Record<string, number[]>>(this.file, {});
    const key = `${this.serverId}/${accountId}`;
    const before = new Set(all[key]);
    writeJson(this.file, { ...all, [key]: [...new Set([...before, ...items])] });
    return items.filter((item) => before.has(item)).length;
  }
}

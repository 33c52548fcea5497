/** Lists of items as the report and the server's own search write them: `item: 856,13339, 45200`. Pure. */

/** As `isItemId` (backup-path/layout), which workflows must not import. */
const ITEM_ID = /^[1-9][0-9]{0,9}$/;

/** The ids, each once, in the order given; or the word that is none (empty: there are no ids). `item:` may be left out. */
export function parseItemList(text: string): number[] | string {
  const ids = text
    .replace(/^\s*items?:/i, '')
    .split(/[\s,]+/)
    .filter((id) => id !== '');
  const wrong = ids.find((id) => !ITEM_ID.test(id));
  if (wrong !== undefined) return wrong;
  return ids.length === 0 ? '' : [...new Set(ids.map(Number))];
}

/** What became of invalid items, for people. */
import { changeText, type RestoreInvalidItemsResult } from '../contracts/restore-invalid-items';
import { printable } from './format';

/** For people, a line each. */
export function invalidText(result: RestoreInvalidItemsResult): string[] {
  const { items, restored, unrestored, stillInvalid, longestLine, status, operationId } = result;
  const counts =
    status === 'planned'
      ? `Invalid items: ${items}`
      : `Invalid items: ${items}, of which ${restored} are in the target now, ${unrestored} are not (${stillInvalid} still invalid)`;
  return [
    ...(status === 'planned' ? [] : [`Operation:     ${printable(operationId)}`]),
    counts,
    ...(longestLine === null
      ? []
      : [
          `Longest line:  ${longestLine.bytes} bytes, in the item ${longestLine.item} of ${printable(longestLine.account)}`,
        ]),
    `Mail host:     ${changeText(result)}.`,
    ...result.accounts.map(
      (account) =>
        `account: ${printable(account.name)}\nitems: ${account.ids.join(',')}${account.items > account.ids.length ? ', …' : ''}`,
    ),
  ];
}

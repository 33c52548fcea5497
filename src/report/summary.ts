/** The restore in a few lines, for the command line and for mail. */
import { counted, durationWords, grouped, printable, secondsBetween } from './format';
import { shownHead, unhandled } from './form';
import { CLASS_NAMES, ITEM_CLASSES, type ReportHead } from './model';

/** How it ended, in one sentence. */
export function verdict(head: ReportHead): string {
  const { unrestored } = head.totals;
  switch (head.status) {
    case 'completed':
      return 'Everything that was asked for is in the target.';
    case 'partial':
      return unrestored > 0
        ? `Done, except for ${counted(unrestored, 'item')} that could not be restored.`
        : 'Done, but not everything could be taken over: see the notes.';
    case 'cancelled':
    case 'failed':
      return 'It ended before it was finished. What was restored stays; the same restore, started again, goes on from there.';
  }
}

/** `1 read error, 2 invalid`: the classes that occur, empty when none does. */
export function classCounts(head: ReportHead): string {
  return ITEM_CLASSES.filter((c) => head.unrestoredByClass[c] > 0)
    .map((c) => `${grouped(head.unrestoredByClass[c])} ${CLASS_NAMES[c]}`)
    .join(', ');
}

/** The result in at most seven lines, without a line break at the end. */
export function summaryText(head: ReportHead): string {
  const { totals, source, target } = shownHead(head);
  const classes = classCounts(head);
  const open = unhandled(totals);
  const counts = [
    `${grouped(totals.restored)} restored`,
    `${grouped(totals.skipped)} skipped`,
    `${grouped(totals.filtered)} filtered`,
    `${grouped(totals.unrestored)} unrestored${classes === '' ? '' : ` (${classes})`}`,
    ...(open === 0 ? [] : [`${grouped(open)} not handled`]),
  ];
  const lines = [
    `${head.operation} ${head.status}. ${verdict(head)}`,
    ...(head.failure === undefined ? [] : [printable(head.failure)]),
    `Items:    ${grouped(totals.source)} in the source: ${counts.join(', ')}`,
    `Source:   ${printable(source.path)} (${printable(source.serverName)})`,
    `Target:   ${printable(target.description)}`,
    `Duration: ${durationWords(secondsBetween(head.startedAt, head.endedAt))}`,
  ];
  return lines.join('\n');
}

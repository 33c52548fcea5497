/** The end of a verification: verify.json for programs, verify.txt for people. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FindingCounts, VerifyFinding } from '../backup-path/verify-model';
import { readParts } from '../host/parts';
import { byteSize, counted, printable } from '../report/format';
import { remedyOf } from '../report/remedies';
import { Workspace, type Sink } from '../report/sink';
import { findingsIn, type SliceAnswer } from './model';

export interface VerifyReportHead {
  readonly sourcePath: string;
  /** Said of a verification of a part; null for one of everything. */
  readonly part: string | null;
}

/** Blobs and metadata files of items. */
export const checkedIn = ({ blobs, items }: Pick<SliceAnswer, 'blobs' | 'items'>): number => blobs + items;

/** Findings between two looks at the buffers. */
const STRIDE = 256;

/**
 * Puts the parts together. Done again, it makes the same.
 * @throws Problem `StateUnavailable`
 */
export async function writeVerifyReport(
  head: VerifyReportHead,
  slices: number,
  last: SliceAnswer,
): Promise<void> {
  const { reportDir } = last;
  const workspace = await Workspace.open(reportDir);
  try {
    const json = await workspace.sink();
    const text = await workspace.sink();
    json.append(`{"checked":${checkedIn(last)},"bytes":${last.bytes},"orphans":${last.orphans},"findings":[`);
    text.append(textHead(head, last));
    let count = 0;
    for await (const value of readParts(reportDir, slices)) {
      const finding = value as VerifyFinding;
      text.append(textOf(finding));
      // intact, and not a class of the document: a note for people
      if (finding.class !== 'trailing-bytes') addJson(json, finding, count++);
      if (count % STRIDE === 0) await workspace.drain();
    }
    json.append(count === 0 ? ']}\n' : '\n]}\n');
    await workspace.publish([
      { sink: json, name: 'verify.json' },
      { sink: text, name: 'verify.txt' },
    ]);
    dropState(reportDir);
  } finally {
    await workspace.dispose();
  }
}

function addJson(
  json: Sink,
  { account, item, class: kind, reason, path }: VerifyFinding,
  before: number,
): void {
  json.append(`${before === 0 ? '' : ','}\n${JSON.stringify({ account, item, class: kind, reason, path })}`);
}

function textHead({ sourcePath, part }: VerifyReportHead, last: SliceAnswer): string {
  const { blobs, items, accounts, bytes, orphans, findings } = last;
  const lines = [
    `Verification of ${printable(sourcePath)}${part === null ? '' : ` (${part})`}`,
    `Read:     ${counted(blobs, 'blob')} (${byteSize(bytes)}), ${counted(items, 'metadata file')} of ${counted(accounts, 'account')}`,
    `Orphans:  ${orphans === null ? 'not counted' : counted(orphans, 'blob')}`,
    `Findings: ${findingsText(findings)}`,
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** `2 read, 1 broken`, `none`. */
export function findingsText(findings: FindingCounts): string {
  const parts = Object.entries(findings).filter(([, n]) => n > 0);
  const text = parts
    .map(([name, n]) => `${n} ${name}${name === 'trailing-bytes' ? ' (a note)' : ''}`)
    .join(', ');
  return findingsIn(findings) > 0 ? text : text === '' ? 'none' : `none; ${text}`;
}

function textOf(finding: VerifyFinding): string {
  const { account, item, class: kind, reason } = finding;
  const of = account === null ? 'of no account' : `${account}${item === null ? '' : ` item:${item}`}`;
  return `${printable(of)}: ${kind}: ${printable(reason)}\n  what to do: ${remedyOf(finding)}\n`;
}

/** What is only good for going on. */
function dropState(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name === 'state' || /^(state|\.part-\d+)\..*\.tmp$/.test(name))
      rmSync(join(folder, name), { force: true });
  }
}

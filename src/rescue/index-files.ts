/** The index beside rescued files: what each of them is, and what was lost. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf, type OperationName } from '../host/operation-dir';
import { readParts } from '../host/parts';
import { counted, printable } from '../report/format';
import { Workspace } from '../report/sink';
import type { RescueCounts } from '../contracts/rescue-items';
import type { Rescued, RescuePlan, RescueStatus } from './model';
import { partsDir } from './slice';

export interface RescueIndexInput {
  readonly name: OperationName;
  readonly plan: RescuePlan;
  readonly slices: number;
  readonly counts: RescueCounts;
}

const MEANING: Record<RescueStatus, string> = {
  intact: 'the current state, intact',
  'older-state': 'an EARLIER state, intact; the current one is damaged',
  salvaged: 'SALVAGED: what is left of damaged content; nothing proves it',
  lost: 'LOST: nothing is left of it here',
};

/**
 * Writes index.json and index.txt. An index of an earlier rescue into the same folder is kept: the new one is then
 * named after the operation.
 * @throws Problem `StateUnavailable`
 */
export async function writeIndex(
  name: OperationName,
  plan: RescuePlan,
  slices: number,
  counts: RescueCounts,
): Promise<void> {
  const stem = indexName(plan.outputDir, name.operationKey);
  const workspace = await Workspace.open(plan.outputDir);
  try {
    const json = await workspace.sink();
    const text = await workspace.sink();
    json.append(`{"operation":${JSON.stringify(name.operationKey)},"items":[`);
    text.append(`Rescued from ${printable(plan.sourcePath)}\n${countsText(counts)}\n\n`);
    let first = true;
    for await (const value of readParts(partsDir(plan), slices)) {
      const rescued = value as Rescued;
      json.append(`${first ? '' : ','}\n${JSON.stringify(rescued)}`);
      text.append(textOf(rescued));
      first = false;
      await workspace.drain();
    }
    json.append('\n]}\n');
    await workspace.publish([
      { sink: json, name: `${stem}.json` },
      { sink: text, name: `${stem}.txt` },
    ]);
  } finally {
    await workspace.dispose();
  }
}

/** `index`, or another name when an index of another operation is there. */
function indexName(outputDir: string, operationKey: string): string {
  const path = join(outputDir, 'index.json');
  if (!existsSync(path)) return existsSync(join(outputDir, 'index.txt')) ? otherName(operationKey) : 'index';
  const begin = readFileSync(path).toString('utf8', 0, 4096);
  return begin.startsWith(`{"operation":${JSON.stringify(operationKey)},`)
    ? 'index'
    : otherName(operationKey);
}

const otherName = (operationKey: string): string => `index-${hashOf(operationKey).slice(0, 8)}`;

export function countsText({ intact, olderState, salvaged, lost }: RescueCounts): string {
  return `${counted(intact, 'item')} intact, ${olderState} in an earlier state, ${salvaged} salvaged in part, ${lost} lost`;
}

function textOf({ account, item, status, state, file, bytes, reason, remedy }: Rescued): string {
  const lines = [
    `${printable(account)} item:${item}: ${MEANING[status]}`,
    ...(file === null ? [] : [`  file: ${printable(file)} (${counted(bytes, 'byte')})`]),
    ...(state === null || status === 'intact' ? [] : [`  state of ${state}`]),
    ...(reason === undefined ? [] : [`  wrong with the current state: ${printable(reason)}`]),
    ...(remedy === undefined ? [] : [`  what to do: ${remedy}`]),
  ];
  return `${lines.join('\n')}\n`;
}

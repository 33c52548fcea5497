/** The index beside rescued files: what each of them is, and what was lost. */
import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { readFully } from '../backup-path/safe-fs';
import { Problem } from '../failures';
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
  'no-content': 'nothing to rescue',
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

/** `index`, or another name when something that is not of this operation is there, whatever it is. */
function indexName(outputDir: string, operationKey: string): string {
  const hash = hashOf(operationKey);
  const begin = `{"operation":${JSON.stringify(operationKey)},`;
  const names = ['index', `index-${hash.slice(0, 8)}`, `index-${hash}`];
  const free = names.find((name) => {
    const json = join(outputDir, `${name}.json`);
    if (isThere(json)) return beginsWith(json, begin);
    return !isThere(join(outputDir, `${name}.txt`));
  });
  if (free !== undefined) return free;
  throw new Problem(
    'StateUnavailable',
    `In ${outputDir} there are files of every name that the index could have.`,
    {
      path: outputDir,
    },
  );
}

/** Also a link that leads nowhere. */
const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** False of everything that cannot be read, or is no regular file. A FIFO is not waited for. */
function beginsWith(path: string, text: string): boolean {
  const wanted = Buffer.from(text);
  const found = Buffer.alloc(wanted.length);
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      return (
        fstatSync(fd).isFile() && readFully(fd, found, found.length) === found.length && found.equals(wanted)
      );
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

export function countsText({ intact, olderState, salvaged, lost, noContent }: RescueCounts): string {
  const others = noContent > 0 ? `, ${noContent} without content` : '';
  return `${counted(intact, 'item')} intact, ${olderState} in an earlier state, ${salvaged} salvaged in part, ${lost} lost${others}`;
}

function textOf({ account, item, status, state, file, bytes, reason, remedy }: Rescued): string {
  const lines = [
    `${printable(account)} item:${item}: ${MEANING[status]}`,
    ...(file === null ? [] : [`  file: ${printable(file)} (${counted(bytes, 'byte')})`]),
    ...(state === null || status === 'intact' ? [] : [`  state of ${state}`]),
    ...(reason === undefined
      ? []
      : [`  ${status === 'no-content' ? '' : 'wrong with the current state: '}${printable(reason)}`]),
    ...(remedy === undefined ? [] : [`  what to do: ${remedy}`]),
  ];
  return `${lines.join('\n')}\n`;
}

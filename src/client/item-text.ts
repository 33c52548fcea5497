/** An item and its states, laid out as `carbonio backup getItem` does, and as JSON. */
import type { CheckedState } from '../backup-path/item-states';
import { printable } from '../report/format';
import { remedyOf } from '../report/remedies';
import { localTime } from './local-time';

export interface ShownItem {
  readonly item: number;
  readonly states: readonly CheckedState[];
  /** Why the states cannot be told. */
  readonly defect: { readonly class: string; readonly reason: string; readonly remedy: string } | null;
}

const KEYS = 13;
const VALUES = 60;

/** @param named whether to say which item it is: there are several */
export function itemText({ item, states, defect }: ShownItem, named: boolean): string {
  const lines = named || defect !== null || states.length === 0 ? [`item ${item}`] : [];
  if (defect !== null)
    lines.push(`     ${defect.class}: ${printable(defect.reason)}`, `     ${defect.remedy}`);
  else if (states.length === 0) lines.push('     It did not exist at that time.');
  else lines.push('     itemStates', ...states.flatMap(stateLines));
  return lines.join('\n');
}

function stateLines(checked: CheckedState): string[] {
  const { state, blobPath, verdicts } = checked;
  const line = (key: string, value: string): string => `${' '.repeat(KEYS)}${key.padEnd(VALUES)}${value}`;
  const remedies = new Set(verdicts.map((verdict) => remedyOf(verdict)));
  return [
    line('start date', localTime(state.start)),
    line('type', state.type),
    line('deleted', String(state.deleted)),
    ...(blobPath === null ? [] : [`${' '.repeat(KEYS)}blob path ${blobPath}`]),
    line('verifies', mark(checked)),
    ...verdicts.map((verdict) => `${' '.repeat(KEYS)}${verdict.class}: ${printable(verdict.reason)}`),
    ...[...remedies].map((remedy) => `${' '.repeat(KEYS)}${remedy}`),
  ];
}

function mark({ verifies, state }: CheckedState): string {
  if (verifies === null) return `a ${state.type} has no blob`;
  if (state.digest === null) return 'no: it names no blob';
  return verifies ? 'yes' : 'no';
}

export function itemJson({ item, states, defect }: ShownItem): object {
  return {
    item,
    ...(defect === null ? {} : { error: defect }),
    states: states.map(({ state, current, blobPath, verifies, verdicts }) => ({
      start: new Date(state.start).toISOString(),
      end: state.end === null ? null : new Date(state.end).toISOString(),
      current,
      type: state.type,
      deleted: state.deleted,
      folder: state.folder,
      name: state.name,
      flags: state.flags,
      tags: state.tags,
      date: new Date(state.date).toISOString(),
      size: state.size,
      digest: state.digest,
      blobPath,
      verifies,
      findings: verdicts.map(({ class: kind, reason, path, evidence }) => ({
        class: kind,
        reason,
        path,
        ...evidence,
        remedy: remedyOf({ class: kind, reason, evidence }),
      })),
    })),
  };
}

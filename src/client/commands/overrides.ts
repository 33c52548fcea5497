/** `lifeboat overrides`: what is changed on this host for a while, and putting it back. Needs no server. */
import { loadConfig } from '../../config';
import { settingText } from '../../contracts/override';
import { explain, Problem } from '../../failures';
import { HostOverrides } from '../../overrides/host';
import type { OverrideEntry } from '../../overrides/model';
import { revertOverride } from '../../overrides/override';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { print, printJson, say } from '../output';

export interface OverridesOptions {
  json?: boolean;
}
export interface RevertOptions extends OverridesOptions {
  all?: boolean;
}

export function openOverrides(): HostOverrides {
  return new HostOverrides(loadConfig(process.env), {
    debug: () => undefined,
    warn: (fields, message) => say(`${message} ${JSON.stringify(fields)}`),
  });
}

/** One that cannot be understood is listed with why. */
type Listed = OverrideEntry | { readonly slot: string; readonly damaged: string };

function listed(overrides: HostOverrides): Listed[] {
  if (!overrides.isUsed) return [];
  const { journal } = overrides;
  return journal.slots().flatMap((slot): Listed[] => {
    try {
      const entry = journal.read(slot);
      return entry === null ? [] : [entry];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return [{ slot, damaged: explain(error.type, error.message) }];
    }
  });
}

export function list({ json }: OverridesOptions): number {
  const all = listed(openOverrides());
  if (json) printJson({ overrides: all.map(forPrograms) });
  else if (all.length === 0) print('Nothing is changed on this host.');
  else for (const one of all) print(line(one));
  return all.some((one) => 'damaged' in one) ? EXIT.failed : EXIT.done;
}

function forPrograms(one: Listed): object {
  if ('damaged' in one) return one;
  const { slot, key, original, wanted, found, state, holder, madeAt, deadline } = one;
  return {
    slot,
    key,
    original: original.set ? original.value : null,
    wanted: wanted.set ? wanted.value : null,
    ...(found ? { found: found.set ? found.value : null } : {}),
    state,
    operationId: holder.operationId,
    since: new Date(madeAt).toISOString(),
    deadline: new Date(deadline).toISOString(),
  };
}

function line(one: Listed): string {
  if ('damaged' in one) return `${one.slot}: damaged. ${one.damaged}`;
  const { slot, key, original, wanted, found, state, holder, deadline } = one;
  const what = `${key}: ${settingText(original)} -> ${settingText(wanted)}`;
  const now = found ? `, found ${settingText(found)}, which stays` : '';
  return `${slot}: ${state}. ${what}${now}; by ${holder.operationId}, until ${new Date(deadline).toISOString()}`;
}

/** @returns 0 when all is back, 3 when something was left to somebody else, 1 when something could not be put back */
export async function revert(slots: readonly string[], { all, json }: RevertOptions): Promise<number> {
  if ((all ?? false) === slots.length > 0)
    throw new CommandError(
      'Usage',
      'Name what to put back, as `lifeboat overrides list` shows it, or give --all.',
    );
  const overrides = openOverrides();
  const there = overrides.isUsed ? overrides.journal.slots() : [];
  const unknown = slots.find((slot) => !there.includes(slot));
  if (unknown !== undefined)
    throw new CommandError(
      'Usage',
      `Nothing called ${unknown} is changed on this host; changed: ${there.join(', ') || 'nothing'}.`,
    );
  const ends: object[] = [];
  let code: number = EXIT.done;
  for (const slot of all ? there : slots) {
    const end = await revertOne(overrides, slot);
    ends.push({ slot, ...end.told });
    say(`${slot}: ${end.text}`);
    if (code !== EXIT.failed && end.code !== EXIT.done) code = end.code;
  }
  if (json) printJson({ overrides: ends });
  else if (ends.length === 0) say('Nothing is changed on this host.');
  return code;
}

async function revertOne(
  overrides: HostOverrides,
  slot: string,
): Promise<{ told: object; text: string; code: number }> {
  try {
    const end = await revertOverride(overrides.journal, overrides.port(slot), slot, null);
    if (end.outcome === 'nothing') return { told: end, text: 'it was back already.', code: EXIT.done };
    const note = end.note === undefined ? '' : ` Note: ${end.note}.`;
    if (end.outcome === 'reverted')
      return { told: end, text: `${end.key} is ${settingText(end.value)} again.${note}`, code: EXIT.done };
    const { key, found, original } = end;
    const text = `${key} was changed by somebody else to ${settingText(found)}, and stays so; it was ${settingText(original)}.${note}`;
    return { told: end, text, code: EXIT.partial };
  } catch (error) {
    // told, and the others go back all the same
    const type = error instanceof Problem ? error.type : 'Unexpected';
    const message = explain(type, (error as Error).message);
    return { told: { outcome: 'failed', type, message }, text: message, code: EXIT.failed };
  }
}

/** Whether a new server is ready to take the place of the old one. Each look has a remedy; none changes anything. */
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import type { CarbonioCli } from '../carbonio/cli';
import { getServices } from '../carbonio/cli/settings';
import { Problem } from '../failures';

export interface Look {
  readonly what: string;
  /** Null: could not be told, so a person has to look. */
  readonly ok: boolean | null;
  readonly found: string;
  /** Empty when it is as it should be. */
  readonly remedy: string;
}

export interface ReadinessInput {
  /** Null: no mail host is asked, because the direct engine restores. */
  readonly cli: CarbonioCli | null;
  readonly signal: AbortSignal;
  /** ISO 8601, of the newest change in the source. */
  readonly newest: string | null;
  /** Attributes of the server as the source has saved them, and as they are now; null: not known. */
  readonly versions: { readonly source: string | null; readonly here: string | null };
}

export async function readiness(input: ReadinessInput): Promise<Look[]> {
  const { cli, signal } = input;
  return [
    clock(input.newest),
    await ownName(),
    ...(cli === null
      ? []
      : [await services(cli, signal), version(input.versions), await ownBackup(cli, signal)]),
  ];
}

/** A machine that was just installed, or cloned, may live in the past: what it then writes is older than the source. */
function clock(newest: string | null): Look {
  const now = new Date();
  const what = 'Clock';
  if (newest !== null && Date.parse(newest) > now.getTime() + 60_000) {
    const found = `It is ${now.toISOString()} here, and the source has changes of ${newest}.`;
    return {
      what,
      ok: false,
      found,
      remedy: 'Set the clock (timedatectl, chrony) before anything is restored.',
    };
  }
  return { what, ok: true, found: `It is ${now.toISOString()}.`, remedy: '' };
}

async function ownName(): Promise<Look> {
  const [what, name] = ['Name of this machine', hostname()];
  try {
    const { address } = await lookup(name);
    return { what, ok: true, found: `${name} is ${address}.`, remedy: '' };
  } catch (error) {
    const { code = 'no answer' } = error as NodeJS.ErrnoException;
    const remedy = 'Enter it in the DNS or in /etc/hosts: the mail server needs its own name.';
    return { what, ok: false, found: `${name} has no address (${code}).`, remedy };
  }
}

async function services(cli: CarbonioCli, signal: AbortSignal): Promise<Look> {
  const what = 'Services of the Backup module';
  return asked(what, async () => {
    const stopped = (await getServices(cli, { signal })).filter(
      ({ running, couldStart }) => !running && couldStart !== false,
    );
    if (stopped.length === 0) return { what, ok: true, found: 'They run.', remedy: '' };
    const names = stopped.map(({ name }) => name).join(', ');
    const remedy = `Start them: \`carbonio backup doStartService ${stopped[0]?.name}\`.`;
    return { what, ok: false, found: `These do not run: ${names}.`, remedy };
  });
}

/** An older release cannot be expected to read what a newer one wrote. */
function version({ source, here }: ReadinessInput['versions']): Look {
  const what = 'Version';
  if (source === null || here === null) {
    const found =
      source === here
        ? 'Neither that of the source nor that of this server is known.'
        : `That of the source is ${source ?? 'not known'}, that of this server ${here ?? 'not known'}.`;
    return { what, ok: null, found, remedy: 'See that this server is not older than the source.' };
  }
  const found = `Here is ${here}, the source was written by ${source}.`;
  if (compareVersions(here, source) >= 0) return { what, ok: true, found, remedy: '' };
  return { what, ok: false, found, remedy: 'Update this server first.' };
}

/** Number by number; what is no number counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => (text.match(/\d+/g) ?? []).map(Number));
  for (let at = 0; at < Math.max(left?.length ?? 0, right?.length ?? 0); at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function ownBackup(cli: CarbonioCli, signal: AbortSignal): Promise<Look> {
  const what = 'Own Backup Path';
  return asked(what, async () => {
    await cli.call(['backup', 'getBackupInfo'], { signal });
    return { what, ok: true, found: 'It is initialised.', remedy: '' };
  });
}

/** What the host refuses to tell is no reason to stop looking at the rest. */
async function asked(what: string, body: () => Promise<Look>): Promise<Look> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const remedy =
      what === 'Own Backup Path'
        ? 'Initialise it: `carbonio backup doSmartScan start`.'
        : 'Look at the mail host: `carbonio backup getServices`.';
    return { what, ok: false, found: error.message, remedy };
  }
}

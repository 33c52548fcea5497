/** Whether a new server is ready to take the place of the old one. Each look has a remedy; none changes anything. */
import { existsSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import { getServices } from '../carbonio/cli/settings';
import { refuseOwnServer } from '../carbonio-restore/own-server';
import { FAILURES } from '../failures';
import { PATH_KEY, settingInForce } from '../overrides/backup-settings-port';
import { asked, type Look } from './look';
import type { HostEnv } from './mail-host';
import { initialised } from './own-backup';
import { blobBytes, spaceLook } from './space';
import { BackupPath } from '../backup-path/store';

export interface ReadinessInput {
  /** Null: no mail host is asked, because the direct engine restores. */
  readonly host: HostEnv | null;
  /** Path of the Backup Path that is restored from. */
  readonly source: string;
  /** ISO 8601, of the newest change in the source. */
  readonly newest: string | null;
  /** Attributes of the server as the source has saved them, and as they are now; null: not known. */
  readonly versions: { readonly source: string | null; readonly here: string | null };
}

export async function readiness(input: ReadinessInput): Promise<Look[]> {
  const { host } = input;
  return [
    clock(input.newest),
    await ownName(),
    ...(host === null
      ? []
      : [
          await foreign(host, input.source),
          await services(host),
          version(input.versions),
          await initialised(host),
          await space(host, input.source),
        ]),
  ];
}

/** The restore refuses it later, after settings were set. */
function foreign(host: HostEnv, source: string): Promise<Look> {
  const what = 'Source';
  return asked(what, 'See that it is not of this very server.', async () => {
    const { serverId } = BackupPath.open(source).marker;
    const [own] = await refuseOwnServer(host, source, serverId, true);
    if (own === undefined) return { what, ok: true, found: 'It is of another server.', remedy: '' };
    return { what, ok: false, found: own, remedy: FAILURES.SameServer.remedy };
  });
}

/** Where Carbonio keeps its mails unless told otherwise; looked at when it is there. */
const MAIL_STORE = '/opt/zextras/store';

function space({ cli, server, signal }: HostEnv, source: string): Promise<Look> {
  return asked('Free space', 'See that there is room for it (`df -h`).', async () => {
    const own = await settingInForce(cli, server, PATH_KEY, { signal });
    const places = {
      'the own Backup Path': own,
      ...(existsSync(MAIL_STORE) && { 'the mailboxes': MAIL_STORE }),
    };
    return spaceLook(await blobBytes(BackupPath.open(source)), places);
  });
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

/** Whether others could find this machine by its name. */
export async function ownName(name = hostname()): Promise<Look> {
  const what = 'Name of this machine';
  try {
    const { address } = await lookup(name);
    return { what, ok: true, found: `${name} is ${address}.`, remedy: '' };
  } catch (error) {
    const { code = 'no answer' } = error as NodeJS.ErrnoException;
    const remedy = 'Enter it in the DNS or in /etc/hosts: the mail server needs its own name.';
    return { what, ok: false, found: `${name} has no address (${code}).`, remedy };
  }
}

function services({ cli, signal }: HostEnv): Promise<Look> {
  const what = 'Services of the Backup module';
  return asked(what, 'Look at the mail host: `carbonio backup getServices`.', async () => {
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

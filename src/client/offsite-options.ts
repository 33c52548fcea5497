/** Options of the commands that reach an offsite copy. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { folder, port, wholeNumber } from './options';

export interface PlaceOptions {
  passwordFile?: string;
  sshKey?: string;
  knownHosts?: string;
  sshPort?: number;
  bwlimit?: number;
  compress?: boolean;
  timeout?: number;
}

export function addPlaceOptions(command: Command): Command {
  return command
    .option(
      '--password-file <file>',
      'holds the password of the rsync daemon; only its owner may read it',
      folder,
    )
    .option('--ssh-key <file>', 'private key for user@host:/path, without a passphrase', folder)
    .option('--known-hosts <file>', 'keys of hosts that are trusted', folder)
    .option('--ssh-port <n>', 'port of the ssh server', port)
    .option('--bwlimit <n>', 'at most so many KiB a second', wholeNumber)
    .option('--compress', 'compress on the line; blobs are compressed already')
    .option(
      '--timeout <s>',
      'a silent other side counts as gone after so many seconds (default: 300)',
      wholeNumber,
    );
}

/** What was not given is left out: the contract has the defaults. */
export function placeFields(destination: string, options: PlaceOptions): object & { destination: string } {
  const { passwordFile, sshKey, knownHosts, sshPort, bwlimit, compress, timeout } = options;
  const ssh = {
    ...given('keyFile', sshKey),
    ...given('knownHostsFile', knownHosts),
    ...given('port', sshPort),
  };
  return {
    destination: resolveLocal(destination),
    ...given('passwordFile', passwordFile),
    ...(Object.keys(ssh).length === 0 ? {} : { ssh }),
    ...given('bandwidthLimit', bwlimit),
    ...given('compress', compress),
    ...given('timeoutSeconds', timeout),
  };
}

/** A colon before the first slash makes it a remote one, as with rsync. */
function resolveLocal(destination: string): string {
  const isRemote = /^[^/]*:/.test(destination);
  return isRemote || destination.trim() === '' ? destination : resolve(destination);
}

export const given = <T>(name: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [name]: value };

/** Commands of the mail host refuse root, or spoil the owner of files: they run as the user of the mail server. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Problem } from '../failures';
import type { HostCommand } from './command-line';
import type { RunResult } from './runner';

type Execute = (command: HostCommand, args: readonly string[]) => Promise<RunResult>;

export class HostUser {
  private prefix: Promise<readonly string[]> | undefined;

  /** @param name empty: no switching */
  constructor(
    private readonly name: string,
    private readonly execute: Execute,
  ) {
    if (!/^([A-Za-z_][A-Za-z0-9_.-]*)?$/.test(name)) {
      throw new Problem('InvalidInput', 'The user of the mail host is not a user name.');
    }
  }

  /**
   * The command, run as that user. Only root switches: another user is expected to be the right one.
   * @throws Problem `CommandMissing` when this machine has no such user, or no program to switch
   */
  async wrap(command: HostCommand): Promise<HostCommand> {
    // a failure is not kept: the user, or sudo, may be there at the next call
    this.prefix ??= this.find().catch((error: unknown) => {
      this.prefix = undefined;
      throw error;
    });
    const [program, ...before] = [...(await this.prefix), command.program];
    return program === undefined ? command : { program, leading: [...before, ...command.leading] };
  }

  private async find(): Promise<readonly string[]> {
    if (this.name === '' || process.getuid?.() !== 0) return [];
    const { code, stdout } = await this.execute({ program: 'getent', leading: [] }, ['passwd', this.name]);
    const uid = stdout.split(':')[2];
    if (code !== 0 || uid === undefined || !/^\d+$/.test(uid)) {
      throw new Problem(
        'CommandMissing',
        `This machine has no user ${this.name} (LIFEBOAT_CARBONIO_USER; the worker's own user means no switching).`,
      );
    }
    if (Number(uid) === 0) return [];
    // su is left out: it takes its command as a line for a shell
    if (onPath('sudo')) return ['sudo', '-n', '-u', this.name, '--'];
    if (onPath('runuser')) return ['runuser', '-u', this.name, '--'];
    throw new Problem('CommandMissing', `Neither sudo nor runuser is there to become ${this.name}.`);
  }
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    if (folder === '') return false;
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailureType, Problem } from '../../src/failures';
import type { FailureType } from '../../src/failures';
import { openTarget } from '../../src/mail/open-target';
import type {
  ExistingMessage,
  Mailbox,
  OutgoingMessage,
  ProvisionAccount,
  ProvisionPlan,
} from '../../src/mail/target';

const made: string[] = [];

/** A folder of its own, removed after the test. */
export function scratch(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'lifeboat-mail-')));
  made.push(path);
  return path;
}

afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

export const JANE = { id: 'a1', name: 'jane@example.com' };
export const never = (): boolean => false;
export const current = (): void => undefined;

export function keyOf(itemId: number): string {
  return createHash('sha256').update(String(itemId)).digest('hex').slice(0, 24);
}

export function message(itemId: number, more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    itemId,
    key: keyOf(itemId),
    folder: '',
    flags: '',
    tags: [],
    date: 1_700_000_000_000,
    content: { kind: 'memory', bytes: Buffer.from(`Subject: ${itemId}\r\n\r\nHello\r\n`) },
    ...more,
  };
}

export async function openJane(directory: string, options = ''): Promise<Mailbox> {
  return (await openTarget(`maildir:${directory}${options}`)).openMailbox(JANE);
}

/** Every file below a folder, with its content. */
export function tree(directory: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(directory.length + 1)] = readFileSync(path, 'latin1');
  }
  return files;
}

export async function listed(mailbox: Mailbox): Promise<ExistingMessage[]> {
  const all: ExistingMessage[] = [];
  for await (const one of mailbox.existing(() => undefined)) all.push(one);
  return all;
}

/** The type of the Problem that this throws; anything else fails the test. */
export async function problemOf(work: () => unknown): Promise<{ type: FailureType; message: string }> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Problem && isFailureType(error.type)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export function account(name: string, more: Partial<ProvisionAccount> = {}): ProvisionAccount {
  return {
    id: `id of ${name}`,
    name,
    displayName: null,
    status: 'active',
    cos: null,
    aliases: [],
    passwordHash: '{SSHA512}aGFzaA==',
    attributes: {},
    signatures: [],
    ...more,
  };
}

export function plan(
  more: Partial<Omit<ProvisionPlan, 'options'>>,
  options: Partial<ProvisionPlan['options']> = {},
): ProvisionPlan {
  return {
    domains: [],
    coses: [],
    lists: [],
    accounts: [],
    ...more,
    options: {
      skipDomainProvisioning: false,
      skipAccountProvisioning: false,
      skipAliases: false,
      skipDistributionLists: false,
      skipCoses: false,
      overwriteAccounts: false,
      ...options,
    },
  };
}

/** The mail servers of a site. Each has a Backup Path, a queue and a validator of its own, and so a worker of its own. */
import type { CarbonioCli } from '../carbonio/cli';
import { valueWord } from '../carbonio/cli/words';
import type { LocalConfig } from '../carbonio/localconfig';
import { treeOf, type Answer } from '../carbonio/parse/answer';
import type { TreeNode } from '../carbonio/parse/tree';
import { Problem } from '../failures';
import { listed } from './names';

export interface Mailstores {
  /** Accounts that are to be restored and live on another server. */
  readonly elsewhere: readonly string[];
  readonly notes: readonly string[];
}

/**
 * What the mail server calls itself: `zimbra_server_hostname` of its local configuration (mailbox source), else `fallback`,
 * for a host whose files are not on this machine.
 */
export async function mailServerName(
  localConfig: Pick<LocalConfig, 'read'>,
  fallback: string,
): Promise<string> {
  try {
    const name = await localConfig.read('zimbra_server_hostname');
    return name.set ? name.value.trim() : fallback;
  } catch (error) {
    if (error instanceof Problem) return fallback;
    throw error;
  }
}

/**
 * One call, and one more for each other server (`gas` and `gaa -s`: mailbox source; how they print JSON is not documented,
 * so every word counts).
 * @param names addresses that are to be restored
 */
export async function mailstoresOf(
  { cli, signal }: { readonly cli: CarbonioCli; readonly signal: AbortSignal },
  server: string,
  names: readonly string[],
): Promise<Mailstores> {
  try {
    const servers = wordsIn(await cli.call(['prov', 'getAllServers', 'mailbox'], { signal }));
    const others = servers.filter((one) => one !== server.toLowerCase());
    if (others.length === 0) return { elsewhere: [], notes: [] };
    const wanted = new Map(names.map((name) => [name.toLowerCase(), name]));
    const elsewhere: string[] = [];
    for (const other of others) {
      const words = ['prov', '-l', 'getAllAccounts', '-s', valueWord('getAllAccounts', 'server', other)];
      for (const word of wordsIn(await cli.call(words, { signal }))) {
        const name = wanted.get(word);
        if (name !== undefined) elsewhere.push(`${name} (on ${other})`);
      }
    }
    const note =
      `The site has more mail servers than ${server}: ${listed(others)}. Each has a Backup Path and an operation queue of its ` +
      'own: only what lives on this one is restored here; run a worker on each of the others for theirs. On which server ' +
      'accounts are made that are not there yet, their class of service decides.';
    return { elsewhere, notes: [note] };
  } catch (error) {
    const passes =
      error instanceof Problem && ['CommandFailed', 'UnknownOutput', 'InvalidInput'].includes(error.type);
    if (!passes) throw error;
    const why = 'Whether the site has other mail servers could not be found out';
    return {
      elsewhere: [],
      notes: [`${why} (${error.type}): accounts that live on another one are to be restored there.`],
    };
  }
}

/** Names of servers and addresses have no spaces. */
function wordsIn(answer: Answer): string[] {
  const leaves = (node: TreeNode): string[] =>
    node.children.length > 0 ? node.children.flatMap(leaves) : [node.value ?? node.key];
  const words = treeOf(answer).flatMap(leaves);
  return [...new Set(words.map((word) => word.trim().toLowerCase()))].filter((word) =>
    /^[^\s#]+$/.test(word),
  );
}

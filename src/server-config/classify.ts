/**
 * What a difference of a setting means for a server that is to take the place of another. What is not named here must
 * match: rather one too many to look at. Names are those of the directory of Zimbra and Carbonio, and of the Backup
 * module (docs/server-config.md).
 */
export const GROUPS = ['mustMatch', 'hostSpecific', 'cosmetic'] as const;
export type Group = (typeof GROUPS)[number];

interface Rule {
  readonly names: RegExp;
  readonly why: string;
}

const HOST_SPECIFIC: readonly Rule[] = [
  { names: /^zimbraId$|EntryUUID$/i, why: 'identity of the object' },
  { names: /Hostname$|^zimbraMtaMyOrigin$|AdvertisedName$|ServerName$/i, why: 'name of the host' },
  {
    names: /(Bind|Ip|Ipv6|Listen)Address(es)?$|^zimbraIPMode$|^zimbraMtaMyNetworks$/i,
    why: 'network of the host',
  },
  { names: /^zimbraSSL|^zimbraSsh|Certificate$|DhParam$/i, why: 'certificates and keys of the host' },
  { names: /(Directory|Path|Dir|RootPath)$|^zimbraMailboxLocation/i, why: 'folders of the host' },
  {
    names: /Service(Enabled|Installed)$|^zimbraServerVersion|^zimbraServerUniqueId/i,
    why: 'installation of the host',
  },
  {
    names: /Threads?$|WorkerProcesses$|Connections$|^backupNumberThreads|HeapSize|MemoryPercent$/i,
    why: 'size of the host',
  },
  {
    names:
      /^zimbraReverseProxy(Lookup|Available|Upstream)|^zimbraMemcached|^zimbraSpellCheckURL$|^zimbraAmavis/i,
    why: 'place of other services',
  },
];

const COSMETIC: readonly Rule[] = [
  {
    names:
      /^(description|displayName|zimbraNotes|cn|objectClass|street|st|postalCode|l|o|co|c|telephoneNumber)$/i,
    why: 'for people only',
  },
  {
    names:
      /Timestamp$|^zimbraVersionCheckLast|Last(Run|Success|Attempt|Execution|Purged?|Modified)\w*$|^zimbraLastPurgedMailboxId$/i,
    why: 'kept by the server itself',
  },
  {
    names:
      /^zimbra(Skin|Help|WebClientSkin|AvailableSkin)|^zimbraPrefSkin$|^carbonioWebUi|LogoURL$|Favicon$/i,
    why: 'looks',
  },
];

export interface Classified {
  readonly group: Group;
  readonly why: string;
}

/** @param sameButForm the values differ only in case, order or white space */
export function classify(attribute: string, sameButForm: boolean): Classified {
  if (sameButForm) return { group: 'cosmetic', why: 'only order, case or white space' };
  const find = (rules: readonly Rule[]) => rules.find(({ names }) => names.test(attribute));
  const host = find(HOST_SPECIFIC);
  if (host) return { group: 'hostSpecific', why: host.why };
  const looks = find(COSMETIC);
  if (looks) return { group: 'cosmetic', why: looks.why };
  return { group: 'mustMatch', why: 'changes what the server does' };
}

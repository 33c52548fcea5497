/** Who has a mailbox in the sample, and how the site around them is set up. */
import { createHash } from 'node:crypto';
import type { AccountStatus, ServerConfig } from '../../backup-path/model';
import type { Random } from './random';
import type { Language } from './texts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly language: Language;
  readonly status: AccountStatus;
  readonly system: boolean;
  readonly aliases: readonly string[];
  readonly cos: string;
  /** Hours east of Greenwich. */
  readonly zone: number;
  /** How much of the sample's mail is theirs, relative to the others. */
  readonly weight: number;
}

/** With it one can log in as any of the sample's people, wherever the passwd-file of the target is used. */
export const SAMPLE_PASSWORD = 'lifeboat';

type Cast = Pick<Person, 'name' | 'address' | 'language' | 'zone' | 'weight'> &
  Partial<Pick<Person, 'status' | 'system' | 'aliases'>> & { readonly executive?: boolean };

/** Every state that an account can be in is among the first twelve: a sample never has fewer. */
const CAST: readonly Cast[] = [
  {
    name: 'Anna Schmidt',
    address: 'anna.schmidt@example.com',
    language: 'de',
    zone: 1,
    weight: 16,
    aliases: ['anna@example.com', 'einkauf@example.com'],
  },
  {
    name: 'Jane Doe',
    address: 'jane@example.com',
    language: 'en',
    zone: 0,
    weight: 20,
    aliases: ['jane.doe@example.com'],
    executive: true,
  },
  { name: 'Jack Miller', address: 'jack@example.com', language: 'en', zone: 0, weight: 12 },
  { name: '田中 健二', address: 'kenji.tanaka@example.com', language: 'ja', zone: 9, weight: 8 },
  { name: 'Ελένη Παππά', address: 'eleni@example.com', language: 'el', zone: 2, weight: 8 },
  {
    name: 'GAL Sync',
    address: 'galsync.k3v8h2@example.com',
    language: 'en',
    zone: 0,
    weight: 1,
    system: true,
  },
  {
    name: 'Claire Dubois',
    address: 'claire.dubois@example.org',
    language: 'fr',
    zone: 1,
    weight: 9,
    aliases: ['direction@example.org'],
    executive: true,
  },
  {
    name: 'Help Desk',
    address: 'helpdesk@example.org',
    language: 'en',
    zone: 1,
    weight: 14,
    aliases: ['support@example.org'],
  },
  {
    name: 'Jörg Müller-Lüdenscheidt',
    address: 'joerg@example.org',
    language: 'de',
    zone: 1,
    weight: 7,
    status: 'locked',
  },
  {
    name: 'Lucy Brown',
    address: 'lucy.brown@example.org',
    language: 'en',
    zone: 1,
    weight: 4,
    status: 'closed',
  },
  {
    name: 'Mark Former',
    address: 'mark.former@example.org',
    language: 'en',
    zone: 1,
    weight: 3,
    status: 'deleted',
  },
  { name: 'Paolo Rossi', address: 'paolo@example.org', language: 'en', zone: 1, weight: 6 },
  { name: "Siobhán O'Neill", address: 'siobhan.oneill@example.com', language: 'en', zone: 0, weight: 5 },
  { name: 'Reception', address: 'reception@example.org', language: 'fr', zone: 1, weight: 5 },
];
export const LEAST_ACCOUNTS = 12;
export const DEFAULT_ACCOUNTS = CAST.length;

const FIRST = [
  'Ada',
  'Ben',
  'Chloé',
  'David',
  'Emma',
  'Felix',
  'Grace',
  'Hugo',
  'Ida',
  'Jonas',
  'Léa',
  'Nils',
];
const LAST = [
  'Arnold',
  'Becker',
  'Costa',
  'Duval',
  'Evans',
  'Fischer',
  'Grünwald',
  'Hansen',
  'Ito',
  'Jansen',
];
const LANGUAGES: readonly Language[] = ['en', 'en', 'de', 'fr'];

export interface Site {
  readonly serverId: string;
  readonly people: readonly Person[];
  readonly config: ServerConfig;
}

export const SERVER_NAME = 'mail.example.com';
export const DOMAINS = ['example.com', 'example.org'] as const;

export function makeSite(random: Random, accounts: number): Site {
  const serverId = random.uuid();
  const coses = { default: random.uuid(), executive: random.uuid() };
  const people = Array.from({ length: accounts }, (_, i): Person => {
    const { executive, ...cast } = CAST[i] ?? extra(random, i);
    const cos = executive ? coses.executive : coses.default;
    return { id: random.uuid(), status: 'active', system: false, aliases: [], ...cast, cos };
  });
  return { serverId, people, config: configOf(random, coses, people) };
}

function extra(random: Random, index: number): Cast {
  const number = String(index + 1).padStart(4, '0');
  return {
    name: `${random.pick(FIRST)} ${random.pick(LAST)}`,
    address: `user${number}@${DOMAINS[index % 2]}`,
    language: random.pick(LANGUAGES),
    zone: 1,
    weight: random.int(2, 9),
  };
}

function configOf(
  random: Random,
  coses: { default: string; executive: string },
  people: readonly Person[],
): ServerConfig {
  const staff = people.filter(({ system, status }) => !system && status !== 'deleted');
  const at = (domain: string): string[] =>
    staff.filter(({ address }) => address.endsWith(`@${domain}`)).map(({ address }) => address);
  const list = (name: string, displayName: string, members: readonly string[]) => ({
    id: random.uuid(),
    name,
    members,
    attributes: { displayName, zimbraMailStatus: 'enabled' },
  });
  return {
    server: {
      name: SERVER_NAME,
      attributes: {
        zimbraServiceHostname: SERVER_NAME,
        zimbraServiceEnabled: ['mailbox', 'mta', 'proxy', 'service-discover'],
        zimbraMailPort: '8080',
      },
    },
    global: {
      attributes: {
        zimbraMtaMaxMessageSize: '52428800',
        zimbraDefaultDomainName: DOMAINS[0],
        zimbraMtaRestriction: ['reject_non_fqdn_sender', 'reject_unknown_sender_domain'],
      },
    },
    domains: DOMAINS.map((name) => ({
      id: random.uuid(),
      name,
      attributes: { zimbraDomainStatus: 'active', zimbraDomainDefaultCOSId: coses.default },
    })),
    coses: [
      {
        id: coses.default,
        name: 'default',
        attributes: { zimbraMailQuota: '5368709120' },
        backupEnabled: true,
      },
      {
        id: coses.executive,
        name: 'executive',
        attributes: { zimbraMailQuota: '0', zimbraFeatureMobileSyncEnabled: 'TRUE' },
        backupEnabled: true,
      },
    ],
    distributionLists: [
      list('all@example.com', 'Everybody at example.com', at('example.com')),
      list('team@example.org', 'Team of example.org', at('example.org')),
      list('board@example.com', 'The board', [
        'jane@example.com',
        'claire.dubois@example.org',
        'chair@example.net',
      ]),
    ],
  };
}

/** The password of the sample, salted and hashed as the server stores it. */
export function passwordHash(random: Random): string {
  const salt = random.bytes(8);
  const hash = createHash('sha512').update(SAMPLE_PASSWORD).update(salt).digest();
  return `{SSHA512}${Buffer.concat([hash, salt]).toString('base64')}`;
}

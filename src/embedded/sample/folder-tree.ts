/** Which folders people make, beside those that every mailbox has. */
import type { Language } from './texts';

/** Folders that exist in every mailbox without a metadata file, by their ids. */
export const SYSTEM_FOLDERS = {
  inbox: { id: 2, path: ['INBOX'] },
  trash: { id: 3, path: ['Trash'] },
  junk: { id: 4, path: ['Junk'] },
  sent: { id: 5, path: ['Sent'] },
  drafts: { id: 6, path: ['Drafts'] },
  contacts: { id: 7, path: ['Contacts'] },
  calendar: { id: 10, path: ['Calendar'] },
  tasks: { id: 15, path: ['Tasks'] },
  briefcase: { id: 16, path: ['Briefcase'] },
} as const;

const COMMON: readonly (readonly string[])[] = [
  ['INBOX', 'Newsletters'],
  ['Archive', '2023'],
  ['Archive', '2024', 'Q1'],
  ['Archive', '2025'],
  ['R&D/Plan.B'],
];

const OWN: Record<Language, readonly (readonly string[])[]> = {
  en: [['Projects', 'Atlas'], ['Projects', 'Borealis', 'Offers & orders'], ['Ideas 💡'], ['~private']],
  de: [['Entwürfe 2024'], ['Rechnungen', 'Österreich'], ['Kunden', 'Müller & Söhne', 'Verträge']],
  fr: [['Dossiers', 'Été 2025'], ['À lire'], ['Factures', 'Payées']],
  el: [['Ελλάδα'], ['Ελλάδα', 'Τιμολόγια'], ['Έργα']],
  ja: [['会議'], ['会議', '議事録'], ['お客様', '東京']],
};

/** Paths of an account's own folders; every parent comes before its children. */
export function folderTree(language: Language): (readonly string[])[] {
  const paths = new Map<string, readonly string[]>();
  for (const path of [...COMMON, ...OWN[language]]) {
    const first = path[0] === 'INBOX' ? 2 : 1;
    for (let depth = first; depth <= path.length; depth++) {
      const above = path.slice(0, depth);
      paths.set(above.join('\n'), above);
    }
  }
  return [...paths.values()];
}

export const TAGS: Record<Language, readonly string[]> = {
  en: ['Work', 'To read', 'Waiting'],
  de: ['Arbeit', 'Später', 'Prüfen'],
  fr: ['À faire', 'Urgent', 'Clients'],
  el: ['Επείγον', 'Work'],
  ja: ['重要', '仕事', 'Work'],
};

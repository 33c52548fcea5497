/** What people write, in the languages of the sample's two sites. */
import type { Random } from './random';

export type Language = 'en' | 'de' | 'fr' | 'el' | 'ja';

interface Phrases {
  readonly subjects: readonly string[];
  readonly greeting: (name: string) => string;
  readonly sentences: readonly string[];
  readonly closings: readonly string[];
  /** What stands before the quoted message in a reply. */
  readonly wrote: (name: string) => string;
  /** Between sentences. */
  readonly gap: string;
}

const PROJECTS = ['Atlas', 'Borealis', 'Cedar', 'Delta', 'Ikaros', 'Nordlicht', 'Polaris', 'Sakura'];

/** `{p}` is a project, `{n}` a number, `{d}` a day of the month. */
const PHRASES: Record<Language, Phrases> = {
  en: {
    subjects: [
      'Minutes of the {p} meeting',
      'Offer {n} for review',
      'Lunch on the {d}th?',
      'Invoice {n}',
      '{p}: open questions',
      'Travel to the plant, week {d}',
      'Access to the {p} folder',
      'Server maintenance on the {d}th',
    ],
    greeting: (name) => `Hi ${name},`,
    sentences: [
      'Thanks for the quick answer; I have added your points to the list.',
      'The supplier confirmed {n} pieces for the {d}th, which is two days later than planned.',
      'Could you have a look at the second table before we send it out?',
      'The figures of {p} are in the attached sheet, the last column is still an estimate.',
      'I would rather keep the old contract until the new terms are signed by both sides.',
      'Nobody at the site had a key for the archive, so we have to go there again.',
      'We agreed on room {n} and a start at nine sharp.',
      'As far as I can see only {p} is affected; everything else keeps its schedule.',
      'Please do not forward this before the board has decided.',
      'The backup of last night went through without a single warning.',
      'Position {n} appears twice, once with the old price.',
      'If I do not hear from you until the {d}th I will book the train.',
    ],
    closings: ['Best regards', 'Cheers', 'Kind regards', 'Thanks a lot'],
    wrote: (name) => `${name} wrote:`,
    gap: ' ',
  },
  de: {
    subjects: [
      'Protokoll der Besprechung {p}',
      'Änderung am Entwurf {n}',
      'Rückfrage zur Lieferung {n}',
      'Urlaubsübergabe bis zum {d}.',
      'Fällige Rechnung {n}',
      '{p}: nächste Schritte für die Prüfung',
    ],
    greeting: (name) => `Hallo ${name},`,
    sentences: [
      'Vielen Dank für die schnelle Rückmeldung, ich habe alles übernommen.',
      'Die Prüfstelle möchte bis zum {d}. noch die Größe der Behälter wissen.',
      'Können wir das Gespräch über {p} um eine Stunde verschieben?',
      'Der Preis für Position {n} enthält noch keine Frachtkosten nach Österreich.',
      'Die Schlüssel liegen beim Pförtner, bitte im Büro gegenüber fragen.',
      'Für den Umzug brauchen wir höchstens {n} Kartons, schätze ich.',
      'Ohne Freigabe geht der Entwurf natürlich nicht hinaus.',
      'Das Lager schließt ausnahmsweise schon früher.',
    ],
    closings: ['Viele Grüße', 'Mit freundlichen Grüßen', 'Schöne Grüße aus München'],
    wrote: (name) => `${name} schrieb:`,
    gap: ' ',
  },
  fr: {
    subjects: ['Réunion {p} : ordre du jour', 'Devis n° {n}', 'Congés d’été', 'Pièces reçues le {d}'],
    greeting: (name) => `Bonjour ${name},`,
    sentences: [
      'Merci pour votre réponse, le dossier {p} est désormais complet.',
      'La livraison prévue le {d} a été retardée à cause de la grève.',
      'Pourriez-vous vérifier la référence {n} avant l’envoi définitif ?',
      'Le contrat signé se trouve déjà dans le répertoire partagé.',
      'Je préfère attendre l’avis du service juridique.',
      'Les frais de déplacement s’élèvent à {n} €.',
    ],
    closings: ['Cordialement', 'Bien à vous', 'À bientôt'],
    wrote: (name) => `${name} a écrit :`,
    gap: ' ',
  },
  el: {
    subjects: ['Συνάντηση {p}', 'Τιμολόγιο {n}', 'Ερωτήσεις για το έργο {p}', 'Άδεια έως τις {d}'],
    greeting: (name) => `Καλημέρα ${name},`,
    sentences: [
      'Ευχαριστώ για την άμεση απάντηση.',
      'Η παράδοση θα γίνει στις {d} του μήνα, όπως συμφωνήσαμε.',
      'Μπορείτε να ελέγξετε τον πίνακα {n} πριν τον στείλουμε;',
      'Τα στοιχεία του έργου {p} βρίσκονται στον κοινό φάκελο.',
      'Θα ήθελα να το συζητήσουμε τηλεφωνικά αύριο το πρωί.',
    ],
    closings: ['Με εκτίμηση', 'Χαιρετισμούς από την Αθήνα'],
    wrote: (name) => `Ο χρήστης ${name} έγραψε:`,
    gap: ' ',
  },
  ja: {
    subjects: ['{p}会議の議事録', '見積書{n}の件', '{d}日の打ち合わせについて', 'ご確認のお願い'],
    greeting: (name) => `${name}様`,
    sentences: [
      'お世話になっております。',
      '先日お送りした資料{n}をご確認いただけますでしょうか。',
      '{p}の納期は{d}日に変更となりました。',
      '会議室の予約は済んでおります。',
      'ご不明な点がございましたら、お気軽にお問い合わせください。',
      '契約書の写しを共有フォルダに保存しました。',
    ],
    closings: ['よろしくお願いいたします。', '以上、よろしくお願いします。'],
    wrote: (name) => `${name}さんは書きました:`,
    gap: '',
  },
};

const filled = (random: Random, text: string): string =>
  text
    .replace('{p}', () => random.pick(PROJECTS))
    .replace('{n}', () => String(random.int(12, 9999)))
    .replace('{d}', () => String(random.int(4, 20)));

export const subject = (random: Random, language: Language): string =>
  filled(random, random.pick(PHRASES[language].subjects));

/** Some sentences, without a line break. */
export function paragraph(random: Random, language: Language, sentences: number): string {
  const { sentences: all, gap } = PHRASES[language];
  return Array.from({ length: sentences }, () => filled(random, random.pick(all))).join(gap);
}

export interface Letter {
  readonly greeting: string;
  readonly paragraphs: readonly string[];
  readonly closing: string;
}

export function letter(random: Random, language: Language, to: string, length: number): Letter {
  const phrases = PHRASES[language];
  return {
    greeting: phrases.greeting(to),
    paragraphs: Array.from({ length }, () => paragraph(random, language, random.int(1, 5))),
    closing: random.pick(phrases.closings),
  };
}

export const wroteLine = (language: Language, name: string): string => PHRASES[language].wrote(name);

/** Breaks text into lines of about 72 characters; text without blanks (Japanese) is cut anywhere. */
export function wrapped(text: string, width = 72): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )/)) {
    if (line !== '' && line.length + word.length > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
    while (line.length > width + 20) {
      const cut = [...line].slice(0, width).join('');
      lines.push(cut);
      line = line.slice(cut.length);
    }
  }
  lines.push(line.trimEnd());
  return lines;
}

/** What is in a mailbox besides messages: contacts, appointments, tasks, documents. */
import { pdf } from './files';
import * as mime from './mime';
import type { Random } from './random';
import { paragraph, subject, type Language } from './texts';

const FIRST = ['Ava', 'Bruno', 'Chiara', 'Dmitri', 'Elif', 'Frédéric', 'Greta', 'Haruki', 'Ines', 'Jürgen'];
const LAST = ['Álvarez', 'Bianchi', 'Çelik', 'Dupont', 'Eriksson', 'Fuchs', 'García', 'Horváth', 'Ivanova'];

/** Somebody outside the sample's two domains. */
export function outsider(random: Random): mime.Address {
  const first = random.pick(FIRST);
  const last = random.pick(LAST);
  const plain = (name: string): string =>
    name
      .normalize('NFD')
      .replace(/[^A-Za-z]/g, '')
      .toLowerCase();
  return { name: `${first} ${last}`, address: `${plain(first)}.${plain(last)}@example.net` };
}

export function contact(random: Random): Buffer {
  const { name, address } = outsider(random);
  const [first, last] = name.split(' ');
  return text(
    'BEGIN:VCARD',
    'VERSION:3.0',
    `UID:${random.uuid()}`,
    `N:${last};${first};;;`,
    `FN:${name}`,
    `EMAIL;TYPE=INTERNET:${address}`,
    `TEL;TYPE=WORK:+49 89 5550 ${random.int(1000, 9999)}`,
    'END:VCARD',
  );
}

export function appointment(random: Random, language: Language, date: number, organizer: string): Buffer {
  const start = date + random.int(1, 30) * 86_400_000;
  return calendar(
    'BEGIN:VEVENT',
    `UID:${random.uuid()}`,
    `DTSTAMP:${stamp(date)}`,
    `DTSTART:${stamp(start)}`,
    `DTEND:${stamp(start + random.int(1, 4) * 1_800_000)}`,
    ...(random.chance(0.3) ? [`RRULE:FREQ=WEEKLY;COUNT=${random.int(4, 20)}`] : []),
    `SUMMARY:${escaped(subject(random, language))}`,
    `ORGANIZER:mailto:${organizer}`,
    `DESCRIPTION:${escaped(paragraph(random, language, 1))}`,
    'END:VEVENT',
  );
}

export function task(random: Random, language: Language, date: number): Buffer {
  return calendar(
    'BEGIN:VTODO',
    `UID:${random.uuid()}`,
    `DTSTAMP:${stamp(date)}`,
    `DUE:${stamp(date + random.int(1, 60) * 86_400_000)}`,
    `SUMMARY:${escaped(subject(random, language))}`,
    `PERCENT-COMPLETE:${random.int(0, 10) * 10}`,
    'END:VTODO',
  );
}

export const document = (random: Random): Buffer => pdf(random, random.int(2_000, 60_000));

const stamp = (time: number): string => new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
const escaped = (value: string): string => value.replace(/[\\;,]/g, (c) => `\\${c}`);

const calendar = (...component: readonly string[]): Buffer =>
  text('BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Example//Calendar//EN', ...component, 'END:VCALENDAR');

const text = (...lines: readonly string[]): Buffer => Buffer.from(mime.lines(...lines, ''));

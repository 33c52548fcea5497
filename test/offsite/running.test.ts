/** Which command lines of rsync write to a destination. */
import { parseDestination, type Destination } from '../../src/contracts/destination';
import { writesThere } from '../../src/offsite/running';

const place = (text: string): Destination => {
  const parsed = parseDestination(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
};
const writes = (line: string, destination: string): boolean =>
  writesThere(line.split(' '), place(destination), () => '/srv/here');

test.each([
  ['-a /opt/backup/ /srv/copy', '/srv/copy'],
  ['-a /opt/backup/ /srv/copy --delete', '/srv/copy'],
  ['/opt/backup/ /srv/copy/ -a -e ssh', '/srv/copy'],
  ['-a /opt/backup/ /srv/copy --exclude items', '/srv/copy'],
  ['-a /opt/backup/ ../copy/', '/srv/copy'],
  ['-a -- /opt/backup/ /srv/copy/items', '/srv/copy'],
  ['--server -logDtpre.iLsfxC . /srv/copy/', '/srv/copy'],
  ['-a /opt/backup/ store::mail/', 'rsync://backup@store/mail'],
  ['-a /opt/backup/ me@STORE::mail/one --delete', 'rsync://store/mail'],
  ['-a --port=8730 /opt/backup/ store::mail', 'rsync://store:8730/mail'],
  ['-a --port 8730 /opt/backup/ store::mail', 'rsync://store:8730/mail'],
  ['-a /opt/backup/ rsync://other@store:873/mail/', 'rsync://backup@store/mail'],
  ['-ae ssh /opt/backup/ root@store:/srv/mail/', 'backup@store:/srv/mail'],
])('%s writes to %s', (line, destination) => {
  expect(writes(line, destination)).toBe(true);
});

test.each([
  ['-an /opt/backup/ /srv/copy', '/srv/copy'],
  ['-a /opt/backup/ /srv/copy --dry-run', '/srv/copy'],
  ['--server -nlogDtpre.iLsfxC . /srv/copy/', '/srv/copy'],
  ['-a /srv/copy/ /srv/elsewhere', '/srv/copy'],
  ['-a -e ssh /srv/copy/ store:/srv/copy', '/srv/copy'],
  ['--server --sender -logDtpre.iLsfxC . /srv/copy/', '/srv/copy'],
  ['-a /opt/backup/ /srv/elsewhere --link-dest /srv/copy', '/srv/copy'],
  ['-a /opt/backup/ /srv/copy-two', '/srv/copy'],
  ['--list-only /srv /srv/copy', '/srv/copy'],
  ['-a /opt/backup/ store::mail2', 'rsync://store/mail'],
  ['-a /opt/backup/ store:/mail', 'rsync://store/mail'],
  ['-a /opt/backup/ rsync://store:8730/mail', 'rsync://store/mail'],
])('%s does not write to %s', (line, destination) => {
  expect(writes(line, destination)).toBe(false);
});

/** Times as the vendor's command prints them: `28/12/2022 15:14:29 CET`, in the time zone of this machine. */
const TIME = new Intl.DateTimeFormat('en-GB', {
  day: '2-digit',
  month: '2-digit',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});

export const localTimeWithZone = (epochMs: number): string => TIME.format(epochMs).replace(',', '');

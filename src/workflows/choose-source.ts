/** Which copy a disaster recovery restores from: each is looked at, the first good one is proposed, people choose. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Candidate, DisasterRecoveryInput } from '../contracts/disaster-recovery';
import { fetchOffsite } from './fetch-offsite';
import { runbookSteps, type numberedChild, type Runbook } from './runbook';
import { verify } from './verify';

const steps = runbookSteps();
type Child = ReturnType<typeof numberedChild>;

export async function chooseSource(
  input: DisasterRecoveryInput,
  runbook: Runbook,
  child: Child,
): Promise<Candidate> {
  const looked = await candidates(input, child);
  const proposed = looked.find(isWhole) ?? looked.find(({ usable }) => usable);
  if (proposed === undefined)
    throw noSource(`None of the sources can be used. ${looked.map(sentence).join(' ')}`);
  const [chosen] = await runbook.ask('source', {
    text: ['What is restored from?', '', ...looked.map((one) => `- ${sentence(one)}`)].join('\n'),
    options: looked.filter(({ usable }) => usable).map(({ path }) => path),
    proposed: [proposed.path],
  });
  return looked.find(({ path }) => path === chosen) ?? proposed;
}

const isWhole = ({ usable, defect }: Candidate): boolean => usable && defect === null;

/** In order; a remote copy is fetched only when nothing before it is whole. */
async function candidates(input: DisasterRecoveryInput, child: Child): Promise<Candidate[]> {
  const { oldBackupPath, externalBackup, offsiteCopy, sample } = input;
  const looked: Candidate[] = [];
  const look = async (kind: Candidate['kind'], path: string): Promise<void> =>
    void looked.push(await lookAt(kind, path, sample, child));
  if (oldBackupPath !== null) await look('old Backup Path', oldBackupPath);
  if (externalBackup !== null) await look('external backup', externalBackup);
  if (offsiteCopy === null) return looked;
  const { fetchTo, ...place } = offsiteCopy;
  if (place.destination.startsWith('/')) await look('offsite copy', place.destination);
  else if (!looked.some(isWhole)) {
    if (fetchTo === null)
      throw noSource('The offsite copy is remote: name a folder to fetch it to (offsiteCopy.fetchTo).');
    const { outputDir } = await child(fetchOffsite, 'fetch', { ...place, outputDir: fetchTo });
    await look('offsite copy', outputDir);
  }
  return looked;
}

async function lookAt(
  kind: Candidate['kind'],
  path: string,
  sample: number,
  child: Child,
): Promise<Candidate> {
  const candidate = await steps.examineSource({ kind, path });
  if (!candidate.usable) return candidate;
  const found = await child(verify, 'verify', { sourcePath: path, sample });
  if (found.status === 'clean') return candidate;
  const { read, broken, doubleGzipped, checked, reportDir } = found;
  const defect = `${read} not readable, ${broken} broken, ${doubleGzipped} double-gzipped among ${checked} files that were read (${reportDir})`;
  return { ...candidate, defect };
}

function sentence({ kind, path, usable, defect, serverName, accounts, newest }: Candidate): string {
  if (!usable) return `${kind} ${path}: cannot be used: ${defect}`;
  const what = `${kind} ${path}: ${accounts} accounts of ${serverName}, newest change ${newest ?? 'not known'}`;
  return defect === null ? `${what}; the sample is sound.` : `${what}; ${defect}.`;
}

const noSource = (what: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(what, 'SourceNotFound');

/** Which copy a disaster recovery restores from: each is looked at, the first good one is proposed, people choose. */
import { ApplicationFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Candidate, DisasterRecoveryInput } from '../contracts/disaster-recovery';
import { utcTime } from '../report/format';
import type { VerifyResult } from '../contracts/verify';
import { failureMessage } from './failure';
import { fetchOffsite } from './fetch-offsite';
import type { NumberedChild } from './numbered-child';
import type { Runbook } from './runbook';
import { verify } from './verify';

export async function chooseSource(
  input: DisasterRecoveryInput,
  runbook: Runbook,
  child: NumberedChild,
): Promise<Candidate> {
  const looked = await candidates(input, runbook, child);
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
async function candidates(
  input: DisasterRecoveryInput,
  { acts }: Runbook,
  child: NumberedChild,
): Promise<Candidate[]> {
  const { oldBackupPath, externalBackup, offsiteCopy, sample } = input;
  const advanced = { heartbeatSeconds: input.advanced.heartbeatSeconds };
  const looked: Candidate[] = [];
  const look = async (kind: Candidate['kind'], path: string): Promise<void> =>
    void looked.push(
      await lookAt(
        () => acts.examineSource({ kind, path }),
        () => child(verify, 'verify', { sourcePath: path, sample, advanced }),
        { kind, path },
      ),
    );
  if (oldBackupPath !== null) await look('old Backup Path', oldBackupPath);
  if (externalBackup !== null) await look('external backup', externalBackup);
  if (offsiteCopy === null) return looked;
  const { fetchTo, ...place } = offsiteCopy;
  if (place.destination.startsWith('/')) await look('offsite copy', place.destination);
  else if (!looked.some(isWhole)) {
    try {
      if (fetchTo === null)
        throw noSource('It is remote: name a folder to fetch it to (offsiteCopy.fetchTo).');
      const { outputDir } = await child(fetchOffsite, 'fetch', { ...place, outputDir: fetchTo, advanced });
      await look('offsite copy', outputDir);
    } catch (error) {
      looked.push(unusable('offsite copy', place.destination, `It could not be fetched: ${whyOf(error)}`));
    }
  }
  return looked;
}

/** What a look fails with is a defect of that candidate: the others are offered all the same. */
async function lookAt(
  examine: () => Promise<Candidate>,
  verified: () => Promise<VerifyResult>,
  { kind, path }: Pick<Candidate, 'kind' | 'path'>,
): Promise<Candidate> {
  let candidate: Candidate;
  try {
    candidate = await examine();
  } catch (error) {
    return unusable(kind, path, whyOf(error));
  }
  if (!candidate.usable) return candidate;
  try {
    const found = await verified();
    if (found.status === 'clean') return candidate;
    const { read, broken, doubleGzipped, checked, reportDir } = found;
    const defect = `${read} not readable, ${broken} broken, ${doubleGzipped} double-gzipped among ${checked} files that were read (${reportDir})`;
    return { ...candidate, defect };
  } catch (error) {
    return { ...candidate, defect: `it could not be verified: ${whyOf(error)}` };
  }
}

/** Throws when the runbook itself was cancelled. */
function whyOf(error: unknown): string {
  if (CancellationScope.current().consideredCancelled) throw error;
  return isCancellation(error) ? 'it was stopped' : failureMessage(error);
}

const unusable = (kind: Candidate['kind'], path: string, defect: string): Candidate => ({
  ...{ kind, path, usable: false, defect },
  ...{ serverName: null, accounts: null, newest: null },
});

function sentence({ kind, path, usable, defect, serverName, accounts, newest }: Candidate): string {
  if (!usable) return `${kind} ${path}: cannot be used: ${defect}`;
  const what = `${kind} ${path}: ${accounts} accounts of ${serverName}, newest change ${newest === null ? 'not known' : utcTime(newest)}`;
  return defect === null ? `${what}; the sample is sound.` : `${what}; ${defect}.`;
}

const noSource = (what: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(what, 'SourceNotFound');

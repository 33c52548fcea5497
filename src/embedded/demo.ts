/**
 * The demonstration: everything that Lifeboat needs on a machine that has nothing, a restore, and an accident in it.
 *
 *   npm run demo        (set-up, then this)
 */
import { relative } from 'node:path';
import { createDisplay } from '../client/display';
import { describeError } from '../client/describe-error';
import { CommandError } from '../client/errors';
import { EXIT } from '../client/exit-codes';
import { Interrupts } from '../client/interrupts';
import { outcomeOf } from '../client/outcome';
import { print, say } from '../client/output';
import { readReport, type ReadReport } from '../client/report-file';
import { textOf } from '../client/restore-result';
import { connect, embeddedPlace, pageOf, type Link } from '../client/server';
import { restoreStart, startOrAttach } from '../client/start';
import { watch } from '../client/watch';
import { Problem } from '../failures';
import { counted, grouped, shellWord } from '../report/format';
import { accidentHalfway } from './demo/accident';
import { Crew } from './demo/crew';
import { takeDemoFolder, type DemoFolder } from './demo/folder';
import { maildirOf } from './demo/maildirs';
import { HELP, readOptions, type DemoOptions } from './demo/options';
import { verify } from './demo/verify';
import { expectedRestore, type SampleFacts } from './sample/facts';
import { makeSample } from './sample/make-sample';
import { joinServer } from './shared-server';

const OPERATION = 'demo';
const TASK_QUEUE = 'lifeboat';
const PROBLEMS_SHOWN = 20;

/** Thrown when the user has asked to stop: everything is then put away in the usual way. */
class Interrupted extends Error {}

async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    print(HELP);
    return EXIT.done;
  }
  const interrupts = new Interrupts();
  try {
    const folder = await takeDemoFolder(options.dir);
    try {
      return await inFolder(folder, options, interrupts);
    } finally {
      folder.release();
    }
  } finally {
    interrupts.dispose();
  }
}

async function inFolder(folder: DemoFolder, options: DemoOptions, interrupts: Interrupts): Promise<number> {
  const server = await joinServer(folder.state);
  try {
    print(`Temporal server  ${server.address}`);
    print(`Web interface    ${server.uiUrl}  (as long as this runs)`);
    const crew = new Crew({
      address: server.address,
      stateDir: folder.state,
      logFile: folder.workerLog,
      onStart: (worker) => folder.remember(worker),
    });
    try {
      const link = await connect(embeddedPlace(server));
      try {
        return await new Demo(folder, options, interrupts, crew, link).run();
      } finally {
        await link.close();
      }
    } finally {
      await crew.stop();
    }
  } finally {
    await server.leave();
  }
}

class Demo {
  constructor(
    private readonly folder: DemoFolder,
    private readonly options: DemoOptions,
    private readonly interrupts: Interrupts,
    private readonly crew: Crew,
    private readonly link: Link,
  ) {}

  async run(): Promise<number> {
    const { folder, crew } = this;
    const facts = await this.sample();
    print(`Worker           process ${crew.start()}, log ${shown(folder.workerLog)}`);
    const report = await this.restore(facts);
    const right = this.verify(facts, report);
    this.tellWhere(facts);
    if (this.options.keepOpen) {
      print(`\nThe web interface stays at ${pageOf(this.link.place, OPERATION)} until Ctrl-C.`);
      while ((await this.interrupts.next(1000)) === null) this.crew.expectAlive();
    }
    return right ? EXIT.done : EXIT.failed;
  }

  private async sample(): Promise<SampleFacts> {
    const { source } = this.folder;
    say('Making the sample …');
    const facts = makeSample(source, { items: this.options.items });
    const { accounts, domains, items, defects } = facts;
    print(
      `Backup Path      ${shown(source)}: ${accounts.length} accounts in ${domains.length} domains, ` +
        `${grouped(items.length)} items, ${defects.length} of them damaged`,
    );
    // making it took a while, in which nobody looked
    if ((await this.interrupts.next(0)) !== null) throw new Interrupted();
    return facts;
  }

  private async restore(facts: SampleFacts): Promise<ReadReport> {
    const { folder, link, crew, interrupts } = this;
    const { firstRunId } = await startOrAttach(
      link.client,
      OPERATION,
      TASK_QUEUE,
      restoreStart({
        sourcePath: folder.source,
        target: `maildir:${folder.mailboxes}?maxLineLength=10240`,
        onInvalid: 'save',
      }),
    );
    const page = pageOf(link.place, OPERATION);
    print(`Restore          started; to be seen at ${page}\n`);
    const display = createDisplay(process.stderr.isTTY);
    const total = expectedRestore(facts).restored.length;
    const over = new AbortController();
    let failure: Error | null = null;
    const accident = accidentHalfway(crew, folder.mailboxes, total, display, over.signal);
    // the watching below ends by it; until then it must not count as unhandled
    accident.catch((error: unknown) => (failure = error as Error));
    const expectAlive = (): void => {
      if (failure !== null) throw failure;
      crew.expectAlive();
    };
    const watched = { link, operationId: OPERATION, firstRunId, taskQueue: TASK_QUEUE, display, interrupts };
    const end = await watch({ ...watched, expectAlive, terminal: false }).finally(() => {
      over.abort();
      display.clear();
    });
    if (end.kind === 'left') throw new Interrupted();
    if ((await accident) === null)
      say('The restore was over before its worker could be killed: try more --items.');
    const outcome = await outcomeOf(link.client, OPERATION, end.runId);
    if (outcome.kind === 'failed')
      throw new CommandError('Unexpected', `The restore failed. ${outcome.message}`);
    if (outcome.kind === 'cancelled') throw new CommandError('Unexpected', 'Somebody cancelled the restore.');
    const { reportDir } = outcome.result;
    const report = await readReport(reportDir);
    if (typeof report === 'string') throw new Problem('Unexpected', report);
    print(`\n${textOf({ operationId: OPERATION, outcome, reportDir, report, page })}`);
    return report;
  }

  /** The restore says what it did; this looks at the files. */
  private verify(facts: SampleFacts, report: ReadReport): boolean {
    const reported = Object.entries(report.accounts).flatMap(([account, { unrestored }]) =>
      unrestored.map((finding) => ({ account, item: finding.item, class: finding.class })),
    );
    const { messages, mailboxes, problems } = verify(facts, this.folder.mailboxes, reported);
    if (problems.length === 0) {
      print(
        `\nverified: ${grouped(messages)} messages in ${counted(mailboxes, 'mailbox', 'mailboxes')}, each there exactly once, byte-identical, ` +
          'in its folder, with its flags, tags and date; only what was damaged on purpose, or is no message, is missing',
      );
      return true;
    }
    print(`\nNOT verified: ${counted(problems.length, 'problem')}`);
    for (const problem of problems.slice(0, PROBLEMS_SHOWN)) print(`  ${problem}`);
    return false;
  }

  private tellWhere(facts: SampleFacts): void {
    const { folder } = this;
    const maildir = shown(maildirOf(folder.mailboxes, facts.accounts[0]?.address ?? ''));
    print(
      [
        '',
        `Mailboxes        ${shown(folder.mailboxes)}/<domain>/<name>/Maildir. Look into one with`,
        `                   mutt -f ${maildir}`,
        `                   python3 -c 'import mailbox, sys; m = mailbox.Maildir(sys.argv[1]); print(len(m), m.list_folders())' ${maildir}`,
        'Web interface    ends with this; to see the finished run again:',
        `                   bin/lifeboat dev --state-dir ${shown(folder.state)}`,
      ].join('\n'),
    );
  }
}

/** As short as it can be said from here. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return shellWord(short.startsWith('..') ? path : short);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof Interrupted) {
      say('Stopped. The next demonstration starts anew.');
      process.exitCode = EXIT.interrupted;
      return;
    }
    say(describeError(error).message);
    if (process.env.LIFEBOAT_DEBUG === '1') say((error as Error).stack ?? '');
    process.exitCode = EXIT.failed;
  },
);

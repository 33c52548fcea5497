/** What the executable `carbonio` of a stand-in says of itself; needs no daemon. */
export const HELP = `carbonio --stand-in DIR [--as UID] [--host H] [--json] [--progress] [--sync] MODULE COMMAND [values …]

This is a stand-in for tests and demonstrations, not Carbonio. Its daemon serves one folder, DIR:
  node dist/embedded/carbonio/main.js serve DIR
Without a command (or with an unknown one) it lists what it knows; each command's help says whether the form of its
output is documented by the vendor or synthetic.

Documented (vendor's pages and sources, or captures): the form of the command line; exit codes of --sync (0 Successful,
1 Failed, 2 Stopped, 3 Removed, 4 Interrupted); "Unable to communicate with server"; getAllOperations and the operation
logs as JSON; config get, set; the end notification with its stats and unrestored items; getItem as text; blocks of
monitor; zmlocalconfig, LMTP and SOAP, as a real server was seen to answer. Of SOAP some requests follow the source of
the server instead (docs/stand-in.md); only the JSON form, all on one port, and a token for an account as for a user.
Synthetic (never seen on a real server): what a started operation prints; text of getAllOperations; JSON of most
commands; names of operations but SmartScan; labels while a restore runs; PHASE 1 text; exit code of a plain call
(0 or 1); content of map files; a lost queue after a crash; the attribute ZxCore_NotificationLevel; every fault.
Simulated: a restore is real (the restore library of Lifeboat, into Maildir mailboxes in DIR/mailboxes); contacts,
appointments and documents are kept beside the report; a SmartScan stores messages, folders and accounts only.
Schedules are kept, never started. Ids of restored items are not mapped (no id_mapper.log).
`;

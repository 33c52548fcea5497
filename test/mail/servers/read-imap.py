"""Prints every message of a mailbox as JSON lines: folder, flags, date, SHA-256 of its bytes. Python's own imaplib."""

import datetime
import hashlib
import imaplib
import json
import re
import sys

# what servers put before a message that they deliver
TRACE = re.compile(rb"\A(?:(?:Return-Path|Delivered-To|Received):[^\n]*\n(?:[ \t][^\n]*\n)*)*")

port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
imap = imaplib.IMAP4("127.0.0.1", port)
imap.login(user, password)
_, lines = imap.list()
for line in lines:
    if line is None:
        continue
    if isinstance(line, tuple):
        raise SystemExit("a folder name as a literal")
    flags, _, name = re.match(rb"\((.*?)\) (\S+) (.*)", line).groups()
    if b"\\Noselect" in flags or b"\\NonExistent" in flags:
        continue
    _, count = imap.select(name.decode("ascii"), readonly=True)
    shown = name.decode("ascii").strip('"').replace('\\"', '"').replace("\\\\", "\\")
    print(json.dumps({"folder": shown}))
    if int(count[0]) == 0:
        continue
    _, data = imap.uid("FETCH", "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")
    for part in data:
        if not isinstance(part, tuple):
            continue
        head, body = part
        zone = re.search(rb'INTERNALDATE "([^"]+)"', head).group(1).decode()
        date = datetime.datetime.strptime(zone.strip(), "%d-%b-%Y %H:%M:%S %z")
        found = [flag.decode() for flag in imaplib.ParseFlags(head)]
        print(
            json.dumps(
                {
                    "folder": shown,
                    "flags": sorted(flag for flag in found if flag != "\\Recent"),
                    "date": int(date.timestamp() * 1000),
                    "sha256": hashlib.sha256(body).hexdigest(),
                    "delivered": hashlib.sha256(TRACE.sub(b"", body)).hexdigest(),
                    "crlfless": hashlib.sha256(body.replace(b"\r\n", b"\n")).hexdigest(),
                }
            )
        )
imap.logout()

"""Writes mails with Python's email package into a folder, and beside each what it says (run by the tests)."""

import json
import os
import sys
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

folder = sys.argv[1]
TEXTS = {
    "us-ascii": "Nothing but ASCII.\nTwo lines.\n",
    "iso-8859-15": "Fünf Äpfel kosten 5 €, Žofia.\n",
    "windows-1252": "“Quoted” – dear Zoë…\n",
    "koi8-r": "Привет, мир\n",
    "shift_jis": "ハロー・ワールド、山田さん。\n",
    "iso-2022-jp": "こんにちは、世界。\n",
    "euc-kr": "안녕하세요 세계\n",
    "big5": "你好，世界\n",
    "gb18030": "你好，世界。龘𠀀\n",
    "utf-16": "Größe ☺ 漢字\n",
    "utf-8": "Ελλάδα, ภาษาไทย, עברית 🐘\n",
}


def mail(subject="A subject"):
    message = EmailMessage(policy=SMTP)
    message["From"] = "Ada Lovelace <ada@insurer.example>"
    message["To"] = "Ben Okri <ben@guest.example>"
    message["Subject"] = subject
    message["Message-ID"] = "<one@insurer.example>"
    return message


def keep(name, message, text, html=None, files=(), raw=None):
    with open(os.path.join(folder, name + ".eml"), "wb") as out:
        out.write(raw or message.as_bytes())
    files = [{"name": n, "type": t, "hex": b.hex()} for n, t, b in files]
    said = {"subject": str(message["Subject"]), "text": text, "html": html, "files": files}
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as out:
        json.dump(said, out)


for charset, text in TEXTS.items():
    for encoding in ("base64", "quoted-printable", "8bit", "7bit"):
        # These two have octets that only base64 carries through lines.
        if charset == "utf-16" and encoding != "base64":
            continue
        if encoding == "7bit" and charset not in ("us-ascii", "iso-2022-jp"):
            continue
        message = mail()
        message.set_content("x")
        raw = text.replace("\n", "\r\n").encode(charset)
        del message["Content-Transfer-Encoding"], message["Content-Type"]
        message["Content-Type"] = f'text/plain; charset="{charset}"'
        message["Content-Transfer-Encoding"] = encoding
        import base64
        import quopri

        body = {
            "base64": base64.encodebytes(raw).replace(b"\n", b"\r\n"),
            "quoted-printable": quopri.encodestring(raw.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n"),
            "8bit": raw,
            "7bit": raw,
        }[encoding]
        head = message.as_bytes().split(b"\r\n\r\n", 1)[0]
        keep(f"charset-{charset}-{encoding}", message, text, raw=head + b"\r\n\r\n" + body)

picture = bytes(range(256)) * 5
message = mail("Ä long subject that is folded, 漢字 and more: " + "word " * 30 + "🐘")
message.set_content("The plain words.\n")
html = "<html><body><p>The <b>rich</b> words.</p><img src='cid:p1'></body></html>\n"
message.add_alternative(html, subtype="html")
message.get_payload()[1].add_related(picture, "image", "png", cid="<p1>", filename="Bild ä.png")
keep("alternative-with-picture", message, "The plain words.\n", html, [("Bild ä.png", "image/png", picture)])

message = mail("With files")
message.set_content("See the files.\n")
files = [
    ("Befund für Łukasz, “final”.pdf", "application/pdf", os.urandom(70_000)),
    ("漢字.txt", "text/plain", "Ein Text.\n".encode()),
    ("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22" + os.urandom(300)),
    ("empty.bin", "application/octet-stream", b""),
    ("a" * 150 + ".xlsx", "application/vnd.ms-excel", os.urandom(10)),
]
for name, kind, content in files:
    main, sub = kind.split("/")
    message.add_attachment(content, main, sub, filename=name)
keep("files", message, "See the files.\n", None, files)

inner = mail("The inner one")
inner.set_content("Forwarded words.\n")
message = mail("Fwd: a mail")
message.set_content("As you asked.\n")
message.add_attachment(inner)
# Python marks it as an attachment without a name.
raw = inner.as_bytes()
keep("forwarded", message, "As you asked.\n", None, [("message.eml", "message/rfc822", raw)])

calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
message = mail("Invitation")
message.set_content("Come at nine.\n")
message.add_alternative(calendar, subtype="calendar", params={"method": "REQUEST"})
keep("invitation", message, "Come at nine.\n", None, [("invitation.ics", "text/calendar", calendar.encode())])

message = mail("Only HTML")
message.set_content("<p>Dear <i>Ben</i>,</p><p>5 &gt; 4 &amp; more<br>here.</p>\n", subtype="html")
keep("html-only", message, "Dear Ben,\n\n5 > 4 & more\nhere.", message.get_content())

message = mail("Sign")
message.set_content("Signed words.\n")
message.make_mixed()
message.set_type("multipart/signed")
message.set_param("protocol", "application/pgp-signature")
signature = EmailMessage(policy=SMTP)
signature.set_content(b"-----BEGIN PGP SIGNATURE-----\r\n", "application", "pgp-signature")
message.attach(signature)
content = signature.get_content()
keep("signed", message, "Signed words.\n", None, [("signature.asc", "application/pgp-signature", content)])

message = EmailMessage(policy=SMTPUTF8)
message["From"] = "Jürgen <jürgen@insurer.example>"
message["To"] = "ben@guest.example"
message["Subject"] = "Grüße"
message.set_content("Raw UTF-8.\n", cte="8bit")
keep("smtputf8", message, "Raw UTF-8.\n")

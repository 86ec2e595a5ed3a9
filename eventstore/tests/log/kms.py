#!/usr/bin/env python3
"""A key management service of one file, for tests: roots by version, the highest wraps. Speaks the protocol of
`keys::RootCommand`. Its cipher is made of the standard library's HMAC and good for one key of 32 bytes."""

import base64, hashlib, hmac, json, os, sys


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def mac(root, *parts):
    return hmac.new(bytes.fromhex(root), b"|".join(parts), hashlib.sha256).digest()


def mask(root, label, nonce, data):
    return bytes(a ^ b for a, b in zip(data, mac(root, b"mask", label, nonce), strict=True))


def answer(question, roots):
    newest = max(roots, key=int)
    label = question.get("label", "").encode()
    match question["operation"]:
        case "version":
            return {"version": int(newest)}
        case "wrap":
            nonce = os.urandom(16)
            masked = mask(roots[newest], label, nonce, decode(question["key"]))
            tag = mac(roots[newest], b"tag", label, nonce, masked)
            return {"version": int(newest), "wrapped": encode(nonce + masked + tag)}
        case "unwrap":
            root = roots.get(str(question["version"]))
            if root is None:
                sys.exit(f"there is no root of version {question['version']}")
            wrapped = decode(question["wrapped"])
            nonce, masked, tag = wrapped[:16], wrapped[16:48], wrapped[48:]
            if not hmac.compare_digest(tag, mac(root, b"tag", label, nonce, masked)):
                sys.exit("this was not wrapped here")
            return {"key": encode(mask(root, label, nonce, masked))}


with open(sys.argv[1]) as file:
    json.dump(answer(json.load(sys.stdin), json.load(file)), sys.stdout)

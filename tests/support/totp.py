# SPDX-License-Identifier: Apache-2.0
"""Codes of authenticator apps, written anew so that the server is not measured with its ruler."""

import base64
import hashlib
import hmac
import struct
import time


def totp(secret, moment=None):
    """The six digits of RFC 6238; `secret` in base32."""
    counter = struct.pack(">Q", int((moment or time.time()) // 30))
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"

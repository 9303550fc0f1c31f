"""What is wrong with a certificate, as far as OpenSSL tells."""

from __future__ import annotations

import ssl

from . import _native

Unreachable = _native.Unreachable

# X509_V_ERR_…, of OpenSSL's x509_vfy.h.
_CODES = {
    9: Unreachable.TLS_EXPIRED,  # not yet valid
    10: Unreachable.TLS_EXPIRED,
    62: Unreachable.TLS_WRONG_HOST,
    64: Unreachable.TLS_WRONG_HOST,  # an address, not a name
    18: Unreachable.TLS_UNTRUSTED,
    19: Unreachable.TLS_UNTRUSTED,
    20: Unreachable.TLS_UNTRUSTED,
    21: Unreachable.TLS_UNTRUSTED,
}


def problem(error: BaseException) -> _native.Unreachable | None:
    """What TLS says, however deep it lies; none where it is not about TLS."""
    there: BaseException | None = error
    for _ in range(10):
        if isinstance(there, ssl.SSLCertVerificationError):
            return _CODES.get(there.verify_code, Unreachable.TLS_UNTRUSTED)
        if isinstance(there, ssl.SSLError):
            return Unreachable.TLS_OTHER
        if there is None:
            return None
        there = there.__cause__ or there.__context__
    return None

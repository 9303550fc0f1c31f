"""Server certificates made at run time: one good, and one for each way to be wrong."""

import datetime
import ipaddress
import ssl

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)


def _now():
    return datetime.datetime.now(datetime.timezone.utc)


class Certificates:
    """`ca_file` is the root that a client may be told to trust; `context(kind)` a server's side."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.ca_file))

    def context(self, kind, names=("127.0.0.1", "localhost")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if kind == "self-signed":
            context.load_cert_chain(self._self_signed())
            return context
        leaf = {
            "good": lambda: self.ca.issue_cert(*names),
            "wrong-host": lambda: self.ca.issue_cert("login.example.net"),
            "expired": lambda: self.ca.issue_cert(
                "127.0.0.1", "localhost", not_before=_now() - 10 * DAY, not_after=_now() - DAY
            ),
        }[kind]()
        leaf.configure_cert(context)
        return context

    def _self_signed(self):
        """trustme signs by its CA only; this one signs itself, for the right host."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_now() - DAY).not_valid_after(_now() + DAY)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        path = self.folder / "self-signed.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        return str(path)

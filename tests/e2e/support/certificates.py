"""An authority of tests, and the certificates that it signs.

    signer = Signer()
    signer.certificate_pem()  # whom to believe
    signer.sign("reader")     # -> {"privateKey": PEM, "certificate": PEM}, good for 127.0.0.1 and for a client
"""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Signer:
    """Made anew for each run: no key of it is in any file of the project."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("authority of tests")
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        self._own = self._certificate(self._name, self._key.public_key()).add_extension(constraints, critical=True)
        self._own = self._own.sign(self._key, hashes.SHA256())

    def _certificate(self, name: x509.Name, key) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key)
        return (builder.serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1)))  # fmt: skip

    def certificate_pem(self) -> str:
        """The authority's own certificate."""
        return self._own.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, name: str) -> dict[str, str]:
        """A key, and a certificate of it."""
        key = ec.generate_private_key(ec.SECP256R1())
        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        signed = self._certificate(_named(name), key.public_key()).add_extension(here, critical=False)
        pem = serialization.Encoding.PEM
        plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return {"privateKey": plain.decode(), "certificate": signed.sign(self._key, hashes.SHA256()).public_bytes(pem).decode()}

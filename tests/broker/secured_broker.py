"""A real Apache Kafka that asks who comes: TLS, certificates, passwords, tokens and access lists.

One node serves every test of ``test_security.py``. It has five doors:

* ``bootstrap``: plain; whoever comes through it may do anything. Tests look through it, and grant.
* ``sasl``: TLS, then PLAIN, SCRAM-SHA-512 or OAUTHBEARER.
* ``mutual``: TLS with a certificate of the client's own.
* ``stale``: TLS with a certificate that has expired.
* ``misnamed``: TLS with a certificate for another machine.

Rules
-----
1. Keys, certificates and tokens are made here (``Authority``, ``token``) and live in the caller's
   temporary folder; the names that the broker gives its users are those of the certificates.
2. SCRAM users are made when the storage is formatted. PLAIN has the same names and passwords.
3. Tokens are checked by Kafka's own validator: signature against a key set in a file, issuer,
   audience and time.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from tests.broker.kafka_broker import Broker, free_port

Right = tuple[str, str, str]
"""Kind of resource, its name, operation: ("TOPIC", "kw.reports.v1", "WRITE")."""

USERS = {"wire": "s3same", "stranger": "0pen-up"}
CLUSTER = "a2FidWx3aXJlY2x1c3Rlcg"
ISSUER, AUDIENCE = "https://tokens.example", "kafka"
_DAY = dt.timedelta(days=1)

PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=CLIENT://127.0.0.1:{port},SASL://127.0.0.1:{sasl},MUTUAL://127.0.0.1:{mutual},\
STALE://127.0.0.1:{stale},MISNAMED://127.0.0.1:{misnamed},CONTROLLER://127.0.0.1:{controller}
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
listener.security.protocol.map=\
CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT,SASL:SASL_SSL,MUTUAL:SSL,STALE:SSL,MISNAMED:SSL
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.mutual.ssl.client.auth=required
listener.name.mutual.ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT
listener.name.stale.ssl.keystore.location={folder}/stale.pem
listener.name.misnamed.ssl.keystore.location={folder}/misnamed.pem
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required {users};
listener.name.sasl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl.oauthbearer.sasl.jaas.config=\
org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.sasl.oauthbearer.sasl.server.callback.handler.class=\
org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler
sasl.oauthbearer.jwt.validator.class=org.apache.kafka.common.security.oauthbearer.BrokerJwtValidator
sasl.oauthbearer.jwks.endpoint.url={keys}
sasl.oauthbearer.expected.issuer={issuer}
sasl.oauthbearer.expected.audience={audience}
"""


class Authority:
    """Signs certificates and tokens with one key, into files of one folder."""

    def __init__(self, folder: Path, name: str = "Test Authority") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / "ca.pem"
        self.file.write_bytes(_pem(self._signed(self._name, self._key, is_ca=True)))

    def certify(
        self, name: str, *, expired: bool = False, password: str = "", stem: str = ""
    ) -> tuple[Path, Path]:
        """Files of a certificate and of its key, which ``password`` locks."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        paths = [self.folder / f"{stem or name}.{kind}" for kind in ("crt", "key")]
        paths[0].write_bytes(_pem(self._signed(subject, key, expired=expired)))
        paths[1].write_bytes(_key(key, password))
        return paths[0], paths[1]

    def _signed(
        self,
        subject: x509.Name,
        key: rsa.RSAPrivateKey,
        *,
        expired: bool = False,
        is_ca: bool = False,
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 9 * _DAY)
            .not_valid_after(now - _DAY if expired else now + 9 * _DAY)
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )
        if not is_ca:
            builder = builder.add_extension(_names(subject), critical=False)
            builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def token(self, user: str, *, lives_s: float = 600) -> str:
        """A signed token (RS256) in the name of ``user``."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": user, "iat": now - 60}
        head = _b64({"alg": "RS256", "kid": "one", "typ": "JWT"})
        signed = f"{head}.{_b64({**claims, 'exp': int(now + lives_s)})}"
        seal = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"

    def key_set(self) -> Path:
        """The file by which the broker checks tokens."""
        numbers = self._key.public_key().public_numbers()
        parts = {"n": _number(numbers.n), "e": _number(numbers.e)}
        path = self.folder / "keys.json"
        row = {"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig", **parts}
        path.write_text(json.dumps({"keys": [row]}), "utf-8")
        return path


class SecuredBroker(Broker):
    """The node with its doors."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.authority = Authority(folder)
        self.ports = {name: free_port() for name in ("sasl", "mutual", "stale", "misnamed")}
        addresses = (f"127.0.0.1:{port}" for port in self.ports.values())
        self.sasl, self.mutual, self.stale, self.misnamed = addresses
        self.keys = self.authority.key_set().as_uri()
        self.options = (f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self.keys}",)

    def _format(self) -> None:
        for name in ("broker", "stale", "misnamed"):
            host = "elsewhere.example" if name == "misnamed" else "127.0.0.1"
            both = self.authority.certify(host, expired=name == "stale", stem=name)
            text = "".join(path.read_text("utf-8") for path in both)
            (self.folder / f"{name}.pem").write_text(text, "utf-8")
        text = PROPERTIES.format(
            port=self.port, controller=self.controller, folder=self.folder, keys=self.keys,
            issuer=ISSUER, audience=AUDIENCE, **self.ports,
            users=" ".join(f'user_{name}="{word}"' for name, word in USERS.items()),
        )  # fmt: skip
        self._config.write_text(text, encoding="utf-8")
        scram = [
            argument
            for name, word in USERS.items()
            for argument in ("--add-scram", f"SCRAM-SHA-512=[name={name},password={word}]")
        ]
        self._tool("format", "--standalone", "-t", CLUSTER, "-c", str(self._config), *scram)

    def grant(self, *rights: Right) -> None:
        """Let the user ``wire`` do this."""
        wanted = [ACL(*_WHO, *_of(right)) for right in rights]
        with self._admin() as admin:
            assert not admin.create_acls(wanted)["failed"]
            self._wait(admin, lambda held: all(acl in held for acl in wanted))

    def revoke(self, *rights: Right) -> None:
        """Let it no longer."""
        with self._admin() as admin:
            admin.delete_acls([ACLFilter(*_WHO, *_of(right)) for right in rights])
            gone = [ACL(*_WHO, *_of(right)) for right in rights]
            self._wait(admin, lambda held: not any(acl in held for acl in gone))

    def granted(self, who: str) -> set[tuple[str, str]]:
        """What a user may do: names of resources with operations."""
        with self._admin() as admin:
            found = admin.describe_acls(_every(who))[0]
        return {(acl.resource_pattern.resource_name, acl.operation.name) for acl in found}

    def _wait(self, admin: Any, done: Callable[[list[Any]], bool]) -> None:
        """Until the broker itself goes by it; it answers before."""
        self.until(lambda: done(admin.describe_acls(_every(None))[0]))

    def alter(self, topic: str, **settings: str) -> None:
        """Change settings of a topic; a dot is written as two underscores."""
        named = {name.replace("__", "."): value for name, value in settings.items()}
        with self._admin() as admin:
            admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=named)])

    def widen(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions."""
        with self._admin() as admin:
            admin.create_partitions({topic: partitions})

    def until(self, done: Callable[[], object]) -> None:
        """Wait for what the broker will come to."""
        end = time.monotonic() + 20
        while not done():
            assert time.monotonic() < end, "the broker does not come to it"
            time.sleep(0.02)

    @contextmanager
    def _admin(self) -> Iterator[Any]:
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            yield admin
        finally:
            admin.close()


_WHO = ("User:wire", "*")


def _every(who: str | None) -> Any:
    """Asks for all rights of a user, or of everybody."""
    pattern = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    return ACLFilter(who, None, ACLOperation.ANY, ACLPermissionType.ANY, pattern)


def _of(right: Right) -> tuple[Any, ...]:
    kind, name, operation = right
    pattern = ResourcePattern(ResourceType[kind], name, ACLResourcePatternType.LITERAL)
    return ACLOperation[operation], ACLPermissionType.ALLOW, pattern


def _names(subject: x509.Name) -> x509.SubjectAlternativeName:
    """An address, or the name of a machine or user."""
    (common,) = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(common.value)
    try:
        return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(text))])
    except ValueError:
        return x509.SubjectAlternativeName([x509.DNSName(text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key(key: rsa.RSAPrivateKey, password: str) -> bytes:
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        lock = serialization.BestAvailableEncryption(password.encode())
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, lock)


def _b64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")

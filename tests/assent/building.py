"""Makes logs, receipts and packs from scratch, by the book and not by our code: only `cryptography` and `rfc8785` help."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VERIFIER = Path(__file__).parents[2] / "assent" / "verifier.py"
ORIGIN = "qiyue.example/log"


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data)


def split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, over leaf hashes, word for word."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1, over leaf hashes, word for word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), tree_hash(leaves[k:])]
    return [*path(m - k, leaves[k:]), tree_hash(leaves[:k])]


@dataclass(frozen=True)
class Signer:
    """A log's key (algorithm 1) or a witness's (4)."""

    name: str
    seed: bytes
    algorithm: int = 1

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def data(self) -> bytes:
        return bytes([self.algorithm]) + self.key.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + self.data)[:4]

    @property
    def verifier_key(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.data).decode()}"

    def line(self, body: str, time: int = 1_583_200_000) -> str:
        if self.algorithm == 4:
            signature = self.key.sign(f"cosignature/v1\ntime {time}\n{body}".encode())
            signature = time.to_bytes(8, "big") + signature
        else:
            signature = self.key.sign(body.encode())
        return f"— {self.name} {base64.b64encode(self.id + signature).decode()}\n"


LOG = Signer(ORIGIN, bytes(range(32)))
WITNESS = Signer("witness.example", bytes(range(32, 64)), 4)
NOBODY: Callable[[bytes], bytes] | None = None


@dataclass
class Log:
    """A log in memory: statements, and what their commitments hide; an act's salts are derived from its place."""

    signers: Sequence[Signer] = (LOG,)
    witnesses: Sequence[Signer] = (WITNESS,)
    stamp: Callable[[bytes], bytes] | None = NOBODY
    roots: str = ""
    statements: list[bytes] = field(default_factory=list)
    values: list[dict[str, tuple[bytes, str]]] = field(default_factory=list)
    erased: dict[tuple[int, str], str] = field(default_factory=dict)
    size: int = 0

    def add(self, kind: str, facts: dict[str, Any], personal: dict[str, str] | None = None, at: str = "") -> int:
        """Add a statement and return its index."""
        index = len(self.statements)
        hidden = {name: (sha256(f"salt {index} {name}".encode()), value) for name, value in (personal or {}).items()}
        statement = {
            "schema": 1,
            "kind": kind,
            "id": f"{index:08x}-0000-4000-8000-{sha256(str(index).encode()).hex()[:12]}",
            "at": at or f"2020-03-02T08:{index // 60 % 60:02}:{index % 60:02}.000000Z",
            "facts": facts,
            "commitments": {
                name: sha256(salt + rfc8785.dumps([name, value])).hex() for name, (salt, value) in hidden.items()
            },
        }
        self.statements.append(rfc8785.dumps(statement))
        self.values.append(hidden)
        return index

    def uid(self, index: int) -> str:
        return json.loads(self.statements[index])["id"]

    def facts(self, index: int) -> dict[str, Any]:
        return json.loads(self.statements[index])["facts"]

    def publish(self, agreement: str, version: int, texts: dict[str, str], **more: str) -> int:
        told = [{"language": language, **digests(text)} for language, text in texts.items()]
        facts = {
            "agreement": agreement,
            "version": version,
            "effective_at": "2020-03-02T00:00:00.000000Z",
            "texts": told,
        }
        return self.add("version.published", {**facts, "actor": 4}, {"actor_qq": "40004"}, **more)

    def accept(
        self, publications: Sequence[int], kind: str = "acceptance.express", account: int = 2, **more: Any
    ) -> int:
        """Add an acceptance of the first text of each publication."""
        documents = []
        for facts in map(self.facts, publications):
            text = facts["texts"][0]
            documents.append(
                {
                    "agreement": facts["agreement"],
                    "version": facts["version"],
                    "language": text["language"],
                    "text_sha256": text["sha256"],
                    "text_sm3": text["sm3"],
                    "html_sha256": text["html_sha256"],
                }
            )
        facts = {
            "account": account,
            "actor": 3,
            "capacity": "collaborator",
            "grant": 7,
            "identity": "stated",
            "page_language": "zh-hans",
            "form_key": "9b2f6c1e-0000-4000-8000-000000000000",
            "documents": documents,
        }
        personal = {
            "account_qq": "20002",
            "actor_qq": "10001",
            "address": "192.0.2.7",
            "user_agent": "浏览器/1 \u2028😀",
        }
        return self.add(kind, facts, personal, **more)

    def erase(self, *erased: tuple[int, str]) -> int:
        """Erase values and add the entry that says so."""
        told = sorted([self.uid(index), name] for index, name in erased)
        entry = self.add("person.erased", {"person": 3, "actor": 9, "disclosures": told}, {"actor_qq": "90009"})
        self.erased.update(dict.fromkeys(erased, self.uid(entry)))
        return entry

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_hash(statement) for statement in self.statements[: self.size or None]]

    def body(self) -> str:
        root = base64.b64encode(tree_hash(self.leaves)).decode()
        return f"{self.signers[0].name}\n{len(self.leaves)}\n{root}\n"

    def head(self) -> dict[str, Any]:
        """The fields that a receipt and pack.json share."""
        body = self.body()
        lines = [signer.line(body) for signer in [*self.signers, *self.witnesses]]
        stamped = None
        if self.stamp:
            stamped = {"response": base64.b64encode(self.stamp(body.encode())).decode(), "roots": self.roots}
        return {
            "checkpoint": f"{body}\n{''.join(lines)}",
            "keys": [signer.verifier_key for signer in self.signers],
            "witness_keys": [witness.verifier_key for witness in self.witnesses],
            "timestamp": stamped,
        }

    def record(self, index: int, *, withheld: bool = False, proof: Sequence[bytes] | None = None) -> dict[str, Any]:
        disclosures: dict[str, Any] = {}
        for name, (salt, value) in sorted(self.values[index].items()):
            if withheld:
                disclosures[name] = {"withheld": True}
            elif (index, name) in self.erased:
                disclosures[name] = {"erased": self.erased[index, name]}
            else:
                disclosures[name] = {"salt": salt.hex(), "value": value}
        return {
            "index": index,
            "statement": self.statements[index].decode(),
            "disclosures": disclosures,
            "hashes": [node.hex() for node in (path(index, self.leaves) if proof is None else proof)],
        }

    def receipt(self, index: int, supporting: Sequence[int], head: dict[str, Any] | None = None) -> dict[str, Any]:
        return {
            "format": "qiyue-receipt/1",
            "record": self.record(index),
            "supporting": [self.record(other, withheld=True) for other in sorted(supporting)],
            **(head or self.head()),
        }


def digests(text: str) -> dict[str, str]:
    """What a publication says of a text; the page of it is the same within <p>. SM3 is not checked by anybody here."""
    return {
        "sha256": sha256(text.encode()).hex(),
        "sm3": sha256(b"sm3" + text.encode()).hex(),
        "html_sha256": sha256(html(text).encode()).hex(),
    }


def html(text: str) -> str:
    return f"<p>{text}</p>"


def members_of(
    log: Log,
    selection: dict[str, Any],
    own: Sequence[int],
    beside: Sequence[int],
    texts: dict[tuple[str, int, str], str],
) -> dict[str, bytes]:
    """The files of a pack by their paths."""
    head = log.head()
    records = [log.record(index, withheld=index in beside) for index in sorted([*own, *beside])]
    members = {
        "entries.jsonl": "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records).encode(),
        "records.csv": b"index\n",
        "checkpoint.txt": head["checkpoint"].encode(),
        "keys.txt": "".join(f"{key}\n" for key in head["keys"] + head["witness_keys"]).encode(),
        "verify.py": VERIFIER.read_bytes(),
        "README.md": "# 出证包\n".encode(),
    }
    listed = []
    for (agreement, version, language), text in texts.items():
        name = f"texts/{agreement}/{version}.{language}"
        members |= {f"{name}.md": text.encode(), f"{name}.html": html(text).encode()}
        listed.append(
            {
                "agreement": agreement,
                "version": version,
                "language": language,
                "text": f"{name}.md",
                "html": f"{name}.html",
            }
        )
    if head["timestamp"]:
        members["timestamp.tsr"] = base64.b64decode(head["timestamp"]["response"])
        members["timestamp-roots.pem"] = head["timestamp"]["roots"].encode()
    pack = {"format": "qiyue-pack/1", "selection": selection, **head, "texts": listed, "files": {}}
    return listing(members, pack)


def listing(members: dict[str, bytes], pack: dict[str, Any]) -> dict[str, bytes]:
    """The files with a pack.json that lists their digests."""
    files = {name: sha256(content).hex() for name, content in members.items() if name != "pack.json"}
    return {**members, "pack.json": json.dumps({**pack, "files": files}, ensure_ascii=False, indent=2).encode()}


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def written(receipt: dict[str, Any]) -> bytes:
    return json.dumps(receipt, ensure_ascii=False, indent=2).encode()

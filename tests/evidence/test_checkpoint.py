"""Tests of signed notes against the vectors of Go's x/mod/sumdb/note, a checkpoint of Go's own log, and C2SP's examples."""

import base64
import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoint import (
    COSIGNATURE_V1,
    Head,
    Note,
    Signature,
    SigningKey,
    VerifierKey,
    body,
    parse,
    parse_signature,
    sign,
)

# golang.org/x/mod/sumdb/note: note_test.go and example_test.go.
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETERS_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCHS_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)

# The tree of Go's checksum database when it had 20,852,163 records. C2SP tlog-checkpoint shows the same signature in its
# example, under another origin. The key is the one that the go command has built in.
GO_SUM_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO_SUM = (
    "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— sum.golang.org Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)

# The example of C2SP tlog-cosignature.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)

HEAD = Head("qiyue.example/log", 300, hashlib.sha256(b"root").digest())
KEY = SigningKey("qiyue.example/log", bytes(range(32)))
OTHER = SigningKey("qiyue.example/log", bytes(range(1, 33)))


def note_over(text: str, *lines: str) -> Note:
    """A note over any text: Go's vectors are no checkpoints."""
    return Note(text, HEAD, tuple(parse_signature(line.rstrip("\n")) for line in lines))


def test_go_and_we_make_the_same_key_and_signature_of_a_seed() -> None:
    key = SigningKey.parse(PETER_SECRET)
    assert (str(key.verifier), key.export()) == (PETER, PETER_SECRET)
    assert key.signature_line(TEXT) == PETERS_LINE


def test_gos_keys_are_read_and_written_as_they_are() -> None:
    for text in (PETER, ENOCH, GO_SUM_KEY):
        assert str(VerifierKey.parse(text)) == text
    assert VerifierKey.parse(PETER).id.hex() == "c74f20a3"


def test_gos_signatures_are_good_under_their_own_key_only() -> None:
    peter, enoch = VerifierKey.parse(PETER), VerifierKey.parse(ENOCH)
    both = note_over(TEXT, PETERS_LINE, ENOCHS_LINE)
    assert [both.is_signed_by(key) for key in (peter, enoch)] == [True, True]
    assert [note_over(TEXT, PETERS_LINE).is_signed_by(key) for key in (peter, enoch)] == [True, False]
    assert not note_over(TEXT.replace("your", "her"), PETERS_LINE).is_signed_by(peter)
    longer = PETERS_LINE[:60] + "ABCD" + PETERS_LINE[60:]
    assert not note_over(TEXT, longer).is_signed_by(peter)
    assert not note_over(TEXT, PETERS_LINE.replace("PeterNeumann", "CarmenSandiego")).is_signed_by(peter)
    assert not note_over(TEXT, PETERS_LINE.replace("x08go", "xxxxo")).is_signed_by(peter)
    assert not note_over(TEXT, PETERS_LINE).is_signed_by(replace(peter, public=enoch.public))


def test_a_checkpoint_of_gos_own_log_is_read_and_its_signature_is_good() -> None:
    note = parse(GO_SUM)
    root = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert note.head == Head("go.sum database tree", 20_852_163, root)
    key = VerifierKey.parse(GO_SUM_KEY)
    assert note.is_signed_by(key)
    assert body(note.head) == note.body
    for wrong in ("20852164", "go.sum database trees"):
        changed = GO_SUM.replace("20852163", wrong) if wrong.isdigit() else GO_SUM.replace(note.head.origin, wrong)
        assert not parse(changed).is_signed_by(key)


def test_the_example_of_a_cosignature_is_read() -> None:
    note = parse(SOFA)
    assert [signature.name for signature in note.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]
    assert [len(signature.data) for signature in note.signatures] == [64, 72]
    assert int.from_bytes(note.signatures[1].data[:8], "big") == 1_679_315_147
    assert note.body == SOFA.partition("\n\n")[0] + "\n"


def test_a_cosignature_is_over_the_time_and_the_whole_body() -> None:
    """C2SP tlog-cosignature, Ed25519: the message is two lines and the note's body."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    witness = VerifierKey("witness.example.com/w1", private.public_key().public_bytes_raw(), COSIGNATURE_V1)
    text, time = body(HEAD), 1_679_315_147
    signed = private.sign(f"cosignature/v1\ntime 1679315147\n{text}".encode())

    def note_with(stamp: int, signature: bytes) -> Note:
        data = Signature(witness.name, witness.id, stamp.to_bytes(8, "big") + signature)
        return Note(text, HEAD, (data,))

    assert note_with(time, signed).is_signed_by(witness)
    assert not note_with(time + 1, signed).is_signed_by(witness)
    assert not note_with(time, signed[:-1]).is_signed_by(witness)
    assert not note_with(time, private.sign(text.encode())).is_signed_by(witness)
    assert not replace(note_with(time, signed), body=body(HEAD._replace(size=301))).is_signed_by(witness)
    # The same key as a log's has another id, so that no signature of the one kind passes for the other.
    as_log = replace(witness, algorithm=1)
    assert (as_log.id != witness.id, note_with(time, signed).is_signed_by(as_log)) == (True, False)


def test_keys_of_witnesses_are_read() -> None:
    """The key is in the tests of transparency-dev/formats (note_cosigv1_test.go)."""
    remora = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
    key = VerifierKey.parse(remora)
    assert (key.name, key.algorithm, str(key)) == ("remora.n621.de", COSIGNATURE_V1, remora)


@pytest.mark.parametrize("key", [PETER, PETER_SECRET])
def test_no_part_of_a_key_and_no_key_with_another_letter_is_a_key(key: str) -> None:
    """The manglings of TestNewVerifier and TestNewSigner."""
    read = VerifierKey.parse if key == PETER else SigningKey.parse
    letters = range(len(key))
    mangled = [key[i:j] for i in letters for j in range(i + 1, len(key) + 1) if j - i < len(key)]
    mangled += [key[:i] + chr(ord(key[i]) + 1) + key[i + 1 :] for i in letters]
    taken = []
    for text in mangled:
        try:
            taken.append(read(text))
        except ValueError:
            continue
    assert taken == []


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER + "\n",
        PETER + "=",
        "",
        "++",
        "rekor.example+12345678+AwEB",
        "rekor.example+12345678+THIS_IS_NOT_BASE64!",
    ],
)
def test_other_strings_are_no_keys(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|base64"):
        VerifierKey.parse(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u2003b", "a\nb"])
def test_a_key_is_not_given_a_name_that_a_note_could_not_carry(name: str) -> None:
    with pytest.raises(ValueError, match="neither spaces nor plus signs"):
        SigningKey.generate(name)


def test_several_keys_sign_one_checkpoint() -> None:
    note = parse(sign(HEAD, [KEY, OTHER]))
    assert (note.head, note.body) == (HEAD, body(HEAD))
    assert [note.is_signed_by(key.verifier) for key in (KEY, OTHER)] == [True, True]
    assert not parse(sign(HEAD, [KEY])).is_signed_by(OTHER.verifier)


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=40),
    st.integers(0, 10**19 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_a_checkpoint_is_read_as_it_was_written(origin: str, size: int, root: bytes) -> None:
    head = Head(origin, size, root)
    note = parse(sign(head, [KEY]))
    assert note.head == head
    assert note.is_signed_by(KEY.verifier)


SIGNED = sign(HEAD, [KEY])


@pytest.mark.parametrize(
    "text",
    [
        "",
        body(HEAD),
        body(HEAD) + "\n",
        SIGNED[:-1],
        SIGNED + "\n",
        SIGNED + "Unexpected line.\n",
        SIGNED.replace("\n\n", "\n"),
        SIGNED.replace("\n300\n", "\n0300\n"),
        SIGNED.replace("\n300\n", "\n+300\n"),
        SIGNED.replace("\n300\n", "\n-300\n"),
        SIGNED.replace("\n300\n", "\n٣\n"),
        SIGNED.replace("\n300\n", "\n300 \n"),
        SIGNED.replace("\n300\n", "\n10000000000000000000\n"),
        SIGNED.replace("=\n\n", "\n\n"),
        SIGNED.replace("=\n\n", "=\nextension\n\n"),
        SIGNED.replace("— ", "- "),
        SIGNED.replace("— ", "—  "),
        SIGNED.replace("— qiyue.example/log", "— Bad Name"),
        SIGNED.replace("— qiyue.example/log", "— a+b"),
        SIGNED.replace("\n", "\r\n"),
        "\n" + SIGNED,
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse(text)


def test_base64_that_an_encoder_would_not_write_is_refused() -> None:
    """The last letter carries bits that decode to nothing: two texts would be one note."""
    root = base64.b64encode(HEAD.root).decode()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = root[:-2] + letters[letters.index(root[-2]) ^ 1] + "="
    assert base64.b64decode(twin) == HEAD.root
    with pytest.raises(ValueError, match="base64"):
        parse(SIGNED.replace(root, twin))


@pytest.mark.parametrize("line", ["", "— a ", "— a AAAA", "— a AAAAAA=", "— a AAAAA A=", "—a AAAAAAA="])
def test_what_is_no_signature_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"signature line|base64"):
        parse_signature(line)

"""Key pairs by boto3, their files and fingerprints checked with OpenSSH, OpenSSL and PuTTY's tools."""

import hashlib
import shutil
import subprocess

import pytest


def run(*words, given=None):
    return subprocess.run(words, input=given, capture_output=True, check=True)


def private_file(folder, text, name="key"):
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def in_colons(digest):
    text = digest.hexdigest()
    return ":".join(text[i:i + 2] for i in range(0, len(text), 2))


def test_a_created_rsa_key_opens_with_ssh_keygen_and_has_the_sha1_fingerprint_of_its_private_half(ec2, tmp_path):
    made = ec2.create_key_pair(KeyName="k")
    path = private_file(tmp_path, made["KeyMaterial"])
    assert made["KeyMaterial"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert run("ssh-keygen", "-y", "-f", path).stdout.startswith(b"ssh-rsa ")
    pkcs8 = run("openssl", "pkcs8", "-in", path, "-inform", "PEM", "-outform", "DER", "-topk8", "-nocrypt").stdout
    assert made["KeyFingerprint"] == in_colons(hashlib.sha1(pkcs8))
    assert made["KeyPairId"].startswith("key-")


def test_a_created_ed25519_key_opens_with_ssh_keygen_and_has_its_sha256_fingerprint(ec2, tmp_path):
    made = ec2.create_key_pair(KeyName="k", KeyType="ed25519")
    path = private_file(tmp_path, made["KeyMaterial"])
    shown = run("ssh-keygen", "-l", "-f", path).stdout.decode().split()
    assert shown[0] == "256"
    assert shown[1].removeprefix("SHA256:").rstrip("=") == made["KeyFingerprint"].rstrip("=")


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_key_made_as_ppk_opens_with_puttygen(ec2, tmp_path, kind):
    if not shutil.which("puttygen"):
        pytest.skip("puttygen (package putty-tools) is not installed")
    made = ec2.create_key_pair(KeyName="k", KeyType=kind, KeyFormat="ppk")
    assert made["KeyMaterial"].startswith("PuTTY-User-Key-File-")
    path = private_file(tmp_path, made["KeyMaterial"])
    public = run("puttygen", path, "-L").stdout.decode().split()
    described = ec2.describe_key_pairs(KeyNames=["k"], IncludePublicKey=True)["KeyPairs"][0]
    assert public[:2] == described["PublicKey"].split()[:2]


def test_an_imported_rsa_key_has_the_md5_fingerprint_of_its_public_half(ec2, tmp_path):
    path = tmp_path / "key"
    run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", path)
    public = path.with_suffix(".pub").read_bytes()
    made = ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=public)
    der = run("openssl", "rsa", "-in", path, "-pubout", "-outform", "DER").stdout
    assert made["KeyFingerprint"] == in_colons(hashlib.md5(der))
    described = ec2.describe_key_pairs(KeyNames=["mine"], IncludePublicKey=True)["KeyPairs"][0]
    assert described["PublicKey"].split()[:2] == public.decode().split()[:2]
    assert described["KeyType"] == "rsa"


def test_an_imported_ed25519_key_has_the_fingerprint_that_openssh_shows(ec2, tmp_path):
    path = tmp_path / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
    made = ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=path.with_suffix(".pub").read_bytes())
    shown = run("ssh-keygen", "-l", "-f", path).stdout.decode().split()[1].removeprefix("SHA256:")
    assert made["KeyFingerprint"].rstrip("=") == shown.rstrip("=")


def test_the_public_key_is_described_only_when_asked_for(ec2):
    ec2.create_key_pair(KeyName="k", KeyType="ed25519")
    assert "PublicKey" not in ec2.describe_key_pairs()["KeyPairs"][0]
    assert ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"][0]["PublicKey"].startswith("ssh-ed25519 ")


def test_key_pairs_are_found_by_name_id_fingerprint_and_tag(ec2):
    first = ec2.create_key_pair(KeyName="first", KeyType="ed25519", TagSpecifications=[
        {"ResourceType": "key-pair", "Tags": [{"Key": "use", "Value": "door"}]}])
    ec2.create_key_pair(KeyName="second", KeyType="ed25519")
    assert first["Tags"] == [{"Key": "use", "Value": "door"}]
    filters = {"key-name": "fir*", "key-pair-id": first["KeyPairId"], "fingerprint": first["KeyFingerprint"],
               "tag:use": "door", "tag-key": "use"}
    for name, value in filters.items():
        found = ec2.describe_key_pairs(Filters=[{"Name": name, "Values": [value]}])["KeyPairs"]
        assert [pair["KeyName"] for pair in found] == ["first"], name
    assert ec2.describe_key_pairs(KeyPairIds=[first["KeyPairId"]])["KeyPairs"][0]["KeyName"] == "first"


def test_a_name_serves_one_key_pair_at_a_time(ec2, refused):
    ec2.create_key_pair(KeyName="k", KeyType="ed25519")
    with refused("InvalidKeyPair.Duplicate", 400):
        ec2.create_key_pair(KeyName="k", KeyType="ed25519")
    ec2.delete_key_pair(KeyName="k")
    ec2.create_key_pair(KeyName="k", KeyType="ed25519")
    assert len(ec2.describe_key_pairs()["KeyPairs"]) == 1


def test_deleting_what_is_not_there_succeeds(ec2):
    assert ec2.delete_key_pair(KeyName="nobody")["Return"] is True


@pytest.mark.parametrize("material", [b"", b"nonsense", b"ssh-rsa AAAA", b"ssh-dss AAAAB3NzaC1kc3MAAACB"])
def test_what_is_no_public_key_is_not_imported(ec2, refused, material):
    with pytest.raises(Exception) as raised:
        ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=material)
    assert raised.value.response["Error"]["Code"] in ("InvalidKey.Format", "MissingParameter")
    assert ec2.describe_key_pairs()["KeyPairs"] == []


def test_the_aws_command_line_makes_and_deletes_a_key_pair(account, tmp_path):
    material = account.aws("ec2", "create-key-pair", "--key-name", "k", "--query", "KeyMaterial", "--output", "text")
    path = private_file(tmp_path, material + "\n")
    assert run("ssh-keygen", "-y", "-f", path).stdout.startswith(b"ssh-rsa ")
    account.aws("ec2", "delete-key-pair", "--key-name", "k")
    assert account.aws("ec2", "describe-key-pairs")["KeyPairs"] == []

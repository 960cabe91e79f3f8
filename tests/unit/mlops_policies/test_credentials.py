"""Credentials in texts: what is one, what only looks like one, and how long a search takes."""

from __future__ import annotations

import time

import pytest

from mlops_policies.credentials import find, named
from mlops_policies.values import UNKNOWN

# Put together here, so that no scanner takes this file for a leak.
KEY_ID = "AKIA" + "QWERTYUIOP234567"
SECRET_KEY = "q7Zr+T1xV/" + "abcdEFGH1234ijklMNOP5678qrstUV"
GITHUB = "ghp_" + "a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4e5F6"
PASSWORD, KEY = "a password in plain text", "a secret key or token in plain text"

FOUND = [
    (f"export AWS_ACCESS_KEY_ID={KEY_ID}", "an AWS access key id"),
    (f"key {KEY_ID.replace('AKIA', 'ASIA')} here", "an AWS access key id"),
    (f"export AWS_SECRET_ACCESS_KEY={SECRET_KEY}", "an AWS secret access key"),
    (f'"secretKey": "{SECRET_KEY}"', "an AWS secret access key"),
    (f"aws configure set aws_secret_access_key {SECRET_KEY}", "an AWS secret access key"),
    ("-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE", "a private key"),
    ("-----BEGIN " + "PRIVATE KEY-----\nMIIE", "a private key"),
    ("-----BEGIN " + "OPENSSH PRIVATE KEY-----", "a private key"),
    ("-----BEGIN " + "PGP PRIVATE KEY BLOCK-----", "a private key"),
    (f"git clone https://{GITHUB}@github.com/x/y.git", "a GitHub token"),
    ("github_pat_" + "A" * 22 + "_" + "b" * 59, "a GitHub token"),
    ("glpat-" + "aB3_" * 5, "a GitLab token"),
    ("xoxb-" + "123456789012-abcdefGHIJ12", "a Slack token"),
    ("https://hooks.slack.com/services/" + "T0ABCDEFG/B0ABCDEFG/abcdefGHIJ1234567890abcd", "a Slack webhook"),
    ("sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc", "a Stripe key"),
    ("rk_test_" + "4eC39HqLyjWDarjtT1zdp7dc", "a Stripe key"),
    ("eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "SflKxwRJSMeKKF2QT4fwpMeJf36P", "a JSON web token"),
    ("AIza" + "SyA1234567890abcdefghijklmnopqrstuv", "a Google API key"),
    ("hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH", "a Hugging Face token"),
    ("sk-" + "proj-" + "a1B2c3D4e5" * 2 + "T3BlbkFJ" + "x" * 20, "an OpenAI key"),
    ("sk-ant-" + "api03-" + "aB3_" * 16, "an Anthropic key"),
    ("dapi" + "0123456789abcdef" * 2, "a Databricks token"),
    ("npm_" + "a1B2c3D4e5F6" * 3, "a package registry token"),
    ("pypi-AgE" + "aB3_" * 13, "a package registry token"),
    ("dckr_pat_" + "aB3" * 9, "a Docker Hub token"),
    ("SG." + "a" * 22 + "." + "b" * 43, "a SendGrid key"),
    ("AccountKey=" + "a" * 86 + "==", "an Azure storage key"),
    ("postgresql://app:s3cr3t-pw@db.internal:5432/x", "a password in a URL"),
    ("pip install --index-url https://:tok3n@pypi.internal/simple", "a password in a URL"),
    ("redis://:hunter22@[::1]:6379", "a password in a URL"),
    ("curl -H 'Authorization: Bearer abc123def456ghi'", "an authorization header"),
    ('{"Authorization": "Basic dXNlcjpwYXNz"}', "an authorization header"),
    ("curl -sS -u admin:hunter2 https://example.com", PASSWORD),
    ("sshpass -p hunter2 ssh host", PASSWORD),
    ("docker login -u me -p 'hunter2' registry", PASSWORD),
    ("mysql -u root -phunter2 db", PASSWORD),
    ("DB_PASSWORD=xK9!mmQ2v", PASSWORD),
    ("password: hunter2", PASSWORD),
    ('password = "correct horse"', PASSWORD),
    ('PASSWORD="hunterhunter"', PASSWORD),
    ("db_passwd='hunter'", PASSWORD),
    ("pwd => 'hunter2'", PASSWORD),
    ('password: str = "hunter2"', PASSWORD),
    ('os.environ["DB_PASSWORD"] = "hunter2"', PASSWORD),
    ('{\\"dbPassword\\": \\"hunter2\\"}', PASSWORD),
    ("mlflow login --password hunter2", PASSWORD),
    ("passphrase := 'word word word'", PASSWORD),
    ("WANDB_API_KEY=0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", KEY),
    ("apiKey: 'Zm9vYmFyYmF6cXV4MTIz'", KEY),
    ('client_secret = "8xQ~1234abcdEFGH.5678ijkl"', KEY),
    ("register --api-token tk9f8e7d6c5b4a3", KEY),
    ("export SOME_TOKEN=tk9f8e7d6c5b4a3", KEY),
]  # fmt: skip

NOT_FOUND = [
    "",
    "#!/bin/bash\nset -eux\npip install foo==1.2.3 bar>=2\n",
    "AKIAIOSFODNN7" + "EXAMPLE",
    "aws_secret_access_key=" + "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
    "sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id prod/db --query SecretString --output text)",
    "DB_PASSWORD=${DB_PASSWORD}",
    'DB_PASSWORD="$FROM_ELSEWHERE"',
    "password: '{{resolve:secretsmanager:prod/db:SecretString:password}}'",
    "token: arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-Ab12Cd",
    "api_key: ssm:/prod/api/key12345",
    "password_file=/run/secrets/db2",
    "password=/run/secrets/db2",
    'secret = "prod/db/password-2024"',
    "DB_SECRET_NAME=prod-db-secret-1",
    'password = "prod/db/password"',
    'password = os.environ["DB_PASSWORD2"]',
    "password = getpass.getpass('Password2: ')",
    "password = args.password2",
    "connect(user=user, password=password)",
    "if password == 'hunter2x':",
    'token = response["token1"]',
    "token: ${{ secrets.TOKEN1 }}",
    "password: <your password 1>",
    "password=your-password-1",
    "password=changeme",
    "password: ********",
    "password: xxxxxxxx",
    'password = ""',
    "password = None",
    'api_key="insert-key-1-here-please"',
    "NextToken=AAAAKmxvbmcgcGFnaW5nIHRva2VuIDEyMw",
    "clientToken: 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "pad_token='<pad>' eos_token='<|endoftext|>'",
    "max_token=409600000000",
    "AWS4-HMAC-SHA256 Credential=AK1/20260101/eu-west-1/kms/aws4_request, Signature=x",
    "public_key=AAAAB3NzaC1yc2EAAAADAQABAAABgQ12",
    "publicAccessKey: AAAAB3NzaC1yc2EAAAADAQABAAABgQ12",
    '"password.$": "$.database.password1"',
    "\"password\": \"{% $states.input.password1 %}\"",
    "https://example.com:8443/path@2",
    "git clone https://x-access-token:${TOKEN}@github.com/x/y.git",
    "ssh://git@github.com/x/y.git",
    "curl -H \"Authorization: Bearer $TOKEN\" https://x",
    "curl -u \"$USER:$PASSWORD\" https://x",
    "mkdir -p /opt/ml",
    "token: the secret token of 2024 is kept elsewhere",
    f"DB_PASSWORD={UNKNOWN}",
    f"DB_PASSWORD=prefix-{UNKNOWN}",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), FOUND)
def test_what_is_a_credential_is_found_and_its_kind_told(text, kind):
    assert kind in find(text)
    assert kind in find(f"#!/bin/bash\nset -e\n{text}\necho done\n")


@pytest.mark.parametrize("text", NOT_FOUND)
def test_references_placeholders_and_ordinary_text_are_no_credentials(text):
    assert find(text) == []


def test_every_kind_is_told_once_and_no_value_is():
    text = f"PASSWORD=hunter2\nOTHER_PASSWORD=hunter3\nID={KEY_ID}\n"
    assert find(text) == ["an AWS access key id", PASSWORD]


@pytest.mark.parametrize(
    ("name", "value", "kinds"),
    [
        ("DB_PASSWORD", 'with "quotes" and spaces', [PASSWORD]),
        ("dbPassword", "Pa$sw0rd", [PASSWORD]),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY, ["an AWS secret access key"]),
        ("API_KEY", "tk9f8e7d6c5b4a3", [KEY]),
        ("ANYTHING", GITHUB, ["a GitHub token"]),
        ("DATABASE_URL", "postgresql://app:s3cr3t-pw@db/x", ["a password in a URL"]),
        ("API_KEY", "short1", []),
        ("API_KEY", "lettersonlylettersonly", []),
        ("API_KEY", "123412341234", []),
        ("TOKEN", "aaaaaaaaaaa1", []),
        ("NextToken", "tk9f8e7d6c5b4a3", []),
        ("DB_PASSWORD", "{{resolve:ssm-secure:/db/password}}", []),
        ("DB_PASSWORD", UNKNOWN, []),
        ("DB_PASSWORD", "abc", []),
        ("DB_PASSWORD_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:x", []),
        ("DB_PASSWORD_NAME", "tk9f8e7d6c5b4a3", []),
        ("SECRET_KEY_ID", "tk9f8e7d6c5b4a3", []),
        ("PWD", "/opt/ml", []),
        ("BUCKET", "estate-prod-data", []),
    ],
)
def test_a_value_under_a_name(name, value, kinds):
    assert named(name, value) == kinds


@pytest.mark.parametrize(
    "piece",
    ["a", "password", "password=", "token ", "--", "--a-", "eyJ", "eyJa.", "://", "a://b:", "curl -u ", "curl ",
     "'", '"', "password='", "Authorization: Bearer ", "sk-", "x-", "secret_key ",
     "\\", "password\\\\\\\"", "AKIA", "1/"],
)  # fmt: skip
def test_a_search_is_linear_in_the_text(piece):
    def took(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.process_time()
        find(text)
        return time.process_time() - start

    assert min(took(80_000) for _ in range(3)) < 20 * max(min(took(10_000) for _ in range(3)), 0.02)

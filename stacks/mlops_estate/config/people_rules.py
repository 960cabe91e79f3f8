"""Rules about trust: named, of a known account, and never the same people for making and approving a version."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.findings import Finding, RelativePath, Rule

_TRUST = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"
_SET = "https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html"
_PRINCIPAL = re.compile(r"arn:aws:iam::(\d{12}):(role|user)/[\w+=,.@/-]+")
_AUTHORS = ("data_scientist", "ml_engineer")
_ACCOUNTS: RelativePath = ("people", "identity_accounts")


def somebody_is_trusted(estate: EstateBlock) -> Iterator[Finding]:
    """Each persona says who may take it: an empty trust is a mistake, not a persona that is switched off."""
    for persona, trust in estate.people.trust.items():
        if not trust.sso and not trust.principals:
            fix = "add `sso: PERMISSION_SET` or `principals: [ARN]`"
            yield Finding(("people", persona), None, "must say who may take this persona", fix, _TRUST)


def permission_sets_are_named(estate: EstateBlock) -> Iterator[Finding]:
    """A permission set is named in full. Source: SSO Admin CreatePermissionSet, Name."""
    for persona, trust in estate.people.trust.items():
        if trust.sso and not re.fullmatch(r"[\w+=,.@-]+", trust.sso):
            rule = "must be the name of one permission set: a * would trust people nobody named"
            yield Finding(("people", persona, "sso"), trust.sso, rule, "name it, such as DataScientist", _SET)


def principals_are_named(estate: EstateBlock) -> Iterator[Finding]:
    """A principal is one role or user, of this account or one where people sign in. Source: IAM, Principal."""
    people = estate.people
    known = {estate.account, *people.identity_accounts}
    for persona, trust in people.trust.items():
        for index, arn in enumerate(trust.principals):
            where = ("people", persona, "principals", index)
            found = _PRINCIPAL.fullmatch(arn)
            if found is None:
                rule = "must be the ARN of one role or user: a * or an account's root would trust everybody there"
                fix = f"name it, such as arn:aws:iam::{estate.account}:role/ml-engineers"
                yield Finding(where, arn, rule, fix, _TRUST)
            elif found[1] not in known:
                rule = f"is of account {found[1]}, which is neither `account` nor in `people.identity_accounts`"
                fix = f'name a role of {estate.account}, or add "{found[1]}" to `people.identity_accounts`'
                yield Finding(where, arn, rule, fix, _TRUST, (("account",), _ACCOUNTS))


def identity_accounts_are_accounts(estate: EstateBlock) -> Iterator[Finding]:
    """An identity account is an account id, and not the environment's own."""
    for index, account in enumerate(estate.people.identity_accounts):
        if not re.fullmatch(r"\d{12}", account):
            yield Finding((*_ACCOUNTS, index), account, "must be a 12-digit AWS account id", "quote all 12 digits")
        elif account == estate.account:
            rule = "is the environment's own account, whose principals need no listing"
            yield Finding((*_ACCOUNTS, index), account, rule, "remove it", involves=(("account",),))


def approvers_are_no_authors(estate: EstateBlock) -> Iterator[Finding]:
    """Who makes a version doesn't approve it (the estate's rule; NIST 800-53 AC-5, separation of duties)."""
    people = estate.people
    approver = people.model_approver
    for author in _AUTHORS:
        trust = people.trust[author]
        involves: tuple[RelativePath, ...] = (("people", author),)
        rule = f"may also act as {author}: who makes a version must not approve it"
        if approver.sso and approver.sso == trust.sso:
            fix = "give approvers a permission set of their own"
            yield Finding(("people", "model_approver", "sso"), approver.sso, rule, fix, "", involves)
        for index, arn in enumerate(approver.principals):
            if arn in trust.principals:
                where = ("people", "model_approver", "principals", index)
                yield Finding(where, arn, rule, "name another role or user", "", involves)


PEOPLE_RULES: tuple[Rule, ...] = (
    somebody_is_trusted,
    permission_sets_are_named,
    principals_are_named,
    identity_accounts_are_accounts,
    approvers_are_no_authors,
)

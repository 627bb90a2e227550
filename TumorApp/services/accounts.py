"""Accounts: the first one, and what their owners change about them."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from TumorApp.models import Account

DEFAULT_USERNAME = "admin"
DEFAULT_PASSWORD = "admin"  # noqa: S105 - published on purpose; whoever signs in with it is made to change it


class AccountUpdateError(Exception):
    """An account was not changed.

    Attributes:
        details: Sentences that say why.
    """

    def __init__(self, *details: str) -> None:
        super().__init__(" ".join(details))
        self.details = list(details)


def ensure_default_account() -> None:
    """Make the default administrator where the database has no account at all."""
    if Account.objects.exists():
        return
    account = Account(username=DEFAULT_USERNAME, is_administrator=True)
    account.set_password(DEFAULT_PASSWORD)
    account.password_is_default = True
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError:
        # Another process that started at the same moment was faster: the account is there.
        return


def update_account(account: Account, username: str, password: str, current_password: str) -> None:
    """Change user name and password.

    Args:
        account: Whose; left as it was unless everything is in order.
        username: The new name, or the old one.
        password: The new password.
        current_password: To show that it is the owner who asks, not someone at their desk.

    Raises:
        AccountUpdateError: If anything speaks against it; nothing was changed then.
    """
    reasons = _reasons_against(account, username, password, current_password)
    if reasons:
        raise AccountUpdateError(*reasons)
    before = (account.username, account.password, account.password_is_default)
    account.username = username
    account.set_password(password)
    try:
        with transaction.atomic():
            account.save(update_fields=["username", "password", "password_is_default"])
    except IntegrityError:
        account.username, account.password, account.password_is_default = before
        raise AccountUpdateError(_taken()) from None


def _reasons_against(account: Account, username: str, password: str, current_password: str) -> list[str]:
    """Return every reason why an account cannot be changed like this."""
    if not account.check_password(current_password):
        # Nothing else is said before the owner is known: not even which user names are taken.
        return ["The current password is not right."]
    reasons = []
    if Account.objects.filter(username=username).exclude(pk=account.pk).exists():
        reasons.append(_taken())
    if password == DEFAULT_PASSWORD:
        reasons.append("The new password may not be the published first one.")
    elif password.casefold() == username.casefold():
        reasons.append("The new password may not be the same as the user name.")
    return reasons


def _taken() -> str:
    return "Another account has this user name. Choose a different one."

"""What the database keeps: accounts, and the analyses that they own."""

from __future__ import annotations

import json
import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

USERNAME_LENGTH = 30
PATIENT_REFERENCE_LENGTH = 200
ORIGINAL_NAME_LENGTH = 255


class AccountManager(BaseUserManager["Account"]):
    """Makes accounts, for the site and for ``manage.py createsuperuser``."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Account:
        """Make an account; without a password nobody can sign in with it.

        Raises:
            ValueError: If the user name is empty.
        """
        if not username:
            raise ValueError("An account needs a user name.")
        account: Account = self.model(username=self.model.normalize_username(username), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> Account:
        """Make an administrator's account."""
        return self.create_user(username, password, **{**fields, "is_administrator": True})


class Account(AbstractBaseUser):
    """Someone who can sign in.

    Attributes:
        username: What they sign in with. The key is another column, so that renaming keeps the row and all it owns.
        is_administrator: Whether they see everyone's analyses.
        password_is_default: Whether the password is still the published first one (see ``services.accounts``).
    """

    username = models.CharField(max_length=USERNAME_LENGTH, unique=True)
    is_active = models.BooleanField(default=True)
    is_administrator = models.BooleanField(default=False)
    password_is_default = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "account"

    def __str__(self) -> str:
        return self.username

    def set_password(self, raw_password: str | None) -> None:
        """Set a password, in memory; it is not the first one any more."""
        super().set_password(raw_password)
        self.password_is_default = False

    def check_password(self, raw_password: str) -> bool:
        """Return whether this is the password.

        Django hashes a right password anew where the hash is out of date, through ``set_password``; it is the same
        password then, and as much the first one as before.
        """
        was_default = self.password_is_default
        is_right = super().check_password(raw_password)
        self.password_is_default = was_default
        return is_right


def new_id() -> str:
    """Return a random public id: 32 lower-case hexadecimal digits."""
    return uuid.uuid4().hex


class HexIdField(models.CharField):
    """A public id in ``char(32)``: one type on every database, where Django's ``UUIDField`` has two."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "max_length": 32})

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Return the column's type."""
        return "char(32)"


class Analysis(models.Model):
    """One analysed slice. Its files lie in ``DATA_DIR`` under its id (see ``services.storage``).

    Attributes:
        patient_reference: Free text of the uploader, often a name: never logged, never part of a file name.
        original_name: What the uploader's file was called.
        findings_json: The findings as ``imaging.findings`` made them, as JSON text.
        affected_percent: 0..100, or None where neither liver nor tumour was found.
    """

    id = HexIdField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="analyses")
    created_at = models.DateTimeField(default=timezone.now)
    patient_reference = models.CharField(max_length=PATIENT_REFERENCE_LENGTH, blank=True)
    original_name = models.CharField(max_length=ORIGINAL_NAME_LENGTH)
    findings_json = models.TextField()
    tumour_detected = models.BooleanField()
    stage = models.SmallIntegerField(null=True, blank=True)
    affected_percent = models.FloatField(null=True, blank=True)
    model = models.CharField(max_length=100)
    model_version = models.CharField(max_length=100)

    class Meta:
        db_table = "analysis"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner", "created_at"], name="analysis_of_owner"),
            models.Index(fields=["created_at"], name="analysis_by_time"),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def findings(self) -> dict[str, Any]:
        """The findings, as the command line gives them."""
        findings: dict[str, Any] = json.loads(self.findings_json)
        return findings

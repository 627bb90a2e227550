"""What the forms accept. The field names ``t1``, ``t2``, ``t3`` are public and belong to the pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from TumorApp.imaging.reading import MAX_BYTES
from TumorApp.models import PATIENT_REFERENCE_LENGTH, USERNAME_LENGTH, Account

PASSWORD_LENGTH = 1000
"""Characters; longer is nobody's password, and hashing it would only cost time."""

TOO_LARGE = (
    f"The file has more than the {MAX_BYTES // 1024**2} MB that are accepted. Upload a single slice, not a whole study."
)


class SignInForm(forms.Form):
    """User name and password."""

    t1 = forms.CharField(label="User name", max_length=USERNAME_LENGTH)
    t2 = forms.CharField(label="Password", max_length=PASSWORD_LENGTH, strip=False)

    def clean_t1(self) -> str:
        """Bring the name to the spelling that accounts are kept under."""
        return Account.normalize_username(self.cleaned_data["t1"])


class ProfileForm(forms.Form):
    """New user name, new password, current password."""

    t1 = forms.CharField(
        label="New user name",
        max_length=USERNAME_LENGTH,
        error_messages={
            "required": "Enter a user name.",
            "max_length": f"A user name has at most {USERNAME_LENGTH} characters.",
        },
    )
    t2 = forms.CharField(
        label="New password",
        max_length=PASSWORD_LENGTH,
        strip=False,
        error_messages={
            "required": "Enter a new password.",
            "max_length": f"A password has at most {PASSWORD_LENGTH} characters.",
        },
    )
    t3 = forms.CharField(
        label="Current password",
        max_length=PASSWORD_LENGTH,
        strip=False,
        error_messages={"required": "Enter your current password as well."},
    )

    def clean_t1(self) -> str:
        """Bring the name to its one spelling, and refuse characters that nobody sees."""
        username = Account.normalize_username(self.cleaned_data["t1"])
        if not username.isprintable():
            raise forms.ValidationError("A user name has no control characters.")
        if len(username) > USERNAME_LENGTH:  # the one spelling of some characters is longer
            raise forms.ValidationError(f"A user name has at most {USERNAME_LENGTH} characters.")
        return username

    def clean_t2(self) -> str:
        """Refuse a password of spaces alone: it is as good as empty."""
        password: str = self.cleaned_data["t2"]
        if not password.strip():
            raise forms.ValidationError("Enter a new password.")
        return password


class SliceUploadForm(forms.Form):
    """A slice, and the patient's name or reference, which may be empty."""

    t1 = forms.CharField(
        label="Patient name or reference",
        required=False,
        max_length=PATIENT_REFERENCE_LENGTH,
        error_messages={
            "max_length": f"A patient's name or reference has at most {PATIENT_REFERENCE_LENGTH} characters."
        },
    )
    # An empty file is let through: the reader of slices has the sentence for it.
    t2 = forms.FileField(
        label="CT slice",
        allow_empty_file=True,
        error_messages={"required": "Choose the slice to be analysed.", "invalid": "Choose the slice to be analysed."},
    )

    def __init__(self, *args: Any, cut_off: bool = False, **kwargs: Any) -> None:
        """Make the form; ``cut_off`` says that the file was larger than is accepted (see ``uploads``)."""
        super().__init__(*args, **kwargs)
        self._cut_off = cut_off
        if cut_off:
            self.fields["t2"].error_messages["required"] = TOO_LARGE

    def clean_t2(self) -> UploadedFile:
        """Refuse a file that was cut off while it arrived."""
        if self._cut_off:
            raise forms.ValidationError(TOO_LARGE)
        upload: UploadedFile = self.cleaned_data["t2"]
        return upload


def sentences(form: forms.Form) -> list[str]:
    """Return every reason why a form was refused, in the order of its fields."""
    errors: dict[str, Any] = form.errors
    return [str(message) for messages in errors.values() for message in messages]

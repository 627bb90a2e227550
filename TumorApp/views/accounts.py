"""Signing in and out, and changing one's account."""

from __future__ import annotations

from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from TumorApp import access, selectors
from TumorApp.forms import ProfileForm, SignInForm, sentences
from TumorApp.services import accounts
from TumorApp.views.methods import post_only

UPDATED = "Your account successfully updated"
NOT_UPDATED = "Error occurred in account updation"


@login_not_required
@require_safe
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Show the sign-in form."""
    return render(request, "AdminLogin.html", {"next": _safe_next(request, request.GET.get("next", ""))})


@login_not_required
@post_only
@sensitive_post_parameters("t2")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in; both outcomes are a page with status 200, as the original's are."""
    onwards = _safe_next(request, request.POST.get("next", ""))
    form = SignInForm(request.POST)
    user = None
    if form.is_valid():
        user = auth.authenticate(request, username=form.cleaned_data["t1"], password=form.cleaned_data["t2"])
    if user is None:
        return render(request, "AdminLogin.html", {"data": "login failed", "data_kind": "bad", "next": onwards})
    auth.login(request, user)
    return _start_page(request, {"data": f"welcome {user.get_username()}", "data_kind": "good", "continue_to": onwards})


@require_safe
def start_page(request: HttpRequest) -> HttpResponse:
    """Show the page that signing in leads to."""
    return _start_page(request, {"data": f"welcome {request.user.get_username()}", "data_kind": "good"})


@post_only
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out and go home."""
    auth.logout(request)
    return redirect("index")


@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """Show the form for a new user name and password."""
    return render(request, "UpdateProfile.html")


@post_only
@sensitive_post_parameters("t2", "t3")
def update_profile(request: HttpRequest) -> HttpResponse:
    """Change user name and password, and stay signed in."""
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _refused(request, sentences(form))
    new = form.cleaned_data
    try:
        accounts.update_account(request.user, new["t1"], new["t2"], current_password=new["t3"])
    except accounts.AccountUpdateError as error:
        return _refused(request, error.details)
    auth.update_session_auth_hash(request, request.user)
    return render(request, "UpdateProfile.html", {"data": UPDATED, "data_kind": "good"})


def _start_page(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """Render the start page; whoever must change the password first is shown nothing of the account yet."""
    recent = [] if access.must_change_password_first(request) else selectors.recent_analyses(request.user)
    return render(request, "AdminScreen.html", {"continue_to": "", **context, "recent": recent})


def _refused(request: HttpRequest, details: list[str]) -> HttpResponse:
    return render(request, "UpdateProfile.html", {"data": NOT_UPDATED, "data_kind": "bad", "details": details})


def _safe_next(request: HttpRequest, url: str) -> str:
    """Return where to go on after signing in, or nothing if it would lead to another site."""
    is_safe = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_safe else ""

"""Addresses of the people pages."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import (
    LoginView,
    LogoutView,
    PasswordChangeView,
    PasswordResetCompleteView,
    PasswordResetConfirmView,
)
from django.urls import path, reverse_lazy

from accounts import views
from accounts.forms import SignInForm

app_name = "accounts"

sign_in = LoginView.as_view(
    template_name="accounts/sign_in.html", authentication_form=SignInForm, redirect_authenticated_user=True
)
change_password = PasswordChangeView.as_view(
    template_name="accounts/change_password.html", success_url=reverse_lazy("accounts:profile")
)
set_password = PasswordResetConfirmView.as_view(
    template_name="accounts/set_password.html", success_url=reverse_lazy("accounts:password_set")
)
password_set = PasswordResetCompleteView.as_view(template_name="accounts/password_set.html")

urlpatterns = [
    path("sign-in/", sign_in, name="sign_in"),
    path("sign-up/", views.sign_up_page, name="sign_up"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("profile/", views.profile, name="profile"),
    path("profile/password/", change_password, name="change_password"),
    path("account/open/", views.open_account_page, name="open_account"),
    path("account/close/", views.close_account_page, name="close_account"),
    path("act-for/", views.act_for, name="act_for"),
    path("collaborators/", views.collaborators, name="collaborators"),
    path("collaborators/<int:pk>/confirm/", views.confirm, name="confirm"),
    path("collaborators/<int:pk>/end/", views.end, name="end"),
    path("roles/", views.roles_page, name="roles"),
    path("roles/<int:pk>/end/", views.end_role_page, name="end_role"),
    path("roles/reset-link/", views.reset_link, name="reset_link"),
    path("password/", views.forgot_password, name="forgot_password"),
    path("password/<uidb64>/<token>/", login_not_required(set_password), name="set_password"),
    path("password/done/", login_not_required(password_set), name="password_set"),
]

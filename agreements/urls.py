"""Addresses of the reading pages."""

from datetime import date

from django.urls import path, register_converter

from agreements import comparison_views, views


class DayConverter:
    """A calendar day, YYYY-MM-DD."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return str(value)


class NumberConverter:
    """A version number: 1 to 999999, without leading zeros, so that every version has one address."""

    regex = r"[1-9][0-9]{0,5}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(DayConverter, "day")
register_converter(NumberConverter, "number")

app_name = "agreements"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("agreements/", views.agreement_list, name="list"),
    path("agreements/<slug:slug>/", views.current, name="current"),
    path("agreements/<slug:slug>/versions/", views.versions, name="versions"),
    path("agreements/<slug:slug>/versions/<number:number>/", views.version_page, name="version"),
    path("agreements/<slug:slug>/versions/<number:number>.md", views.download_md, name="download_md"),
    path("agreements/<slug:slug>/versions/<number:number>.txt", views.download_txt, name="download_txt"),
    path("agreements/<slug:slug>/on/<day:day>/", views.on_day, name="on_day"),
    path("agreements/<slug:slug>/on/", views.choose_day, name="choose_day"),
    path("agreements/<slug:slug>/compare/<number:old>...<number:new>/", comparison_views.compare_page, name="compare"),
    path(
        "agreements/<slug:slug>/compare/<number:old>...<number:new>.json",
        comparison_views.compare_json,
        name="compare_json",
    ),
    path(
        "agreements/<slug:slug>/compare/<number:old>...<number:new>.txt",
        comparison_views.compare_txt,
        name="compare_txt",
    ),
    path(
        "agreements/<slug:slug>/compare/<number:old>...<number:new>.docx",
        comparison_views.compare_docx,
        name="compare_docx",
    ),
]

"""Somebody at the product's pages, who reads them, follows their links and presses their buttons, and can do no more.

Links and buttons are found by their words, and a form sends what the page put into it. What a page does not offer
to this person cannot be done, so a test that goes its way with visitors shows that the pages lead all the way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.html import Element, parse_html
from django.urls import resolve, reverse

from accounts.models import User
from tests.factories import PASSWORD

TOKEN = "csrfmiddlewaretoken"


@dataclass(frozen=True)
class Attachment:
    """A file that somebody chooses; it can be sent more than once."""

    name: str
    content: bytes


@dataclass
class Trail:
    """Where visitors have been and what they have sent, to be tried again by others."""

    pages: dict[str, None] = field(default_factory=dict)
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@dataclass(frozen=True)
class Form:
    """What a form of a page would send, with the button that was asked for."""

    action: str
    values: dict[str, Any]
    choices: dict[str, list[str]]
    """The values that a field offers; nothing for a field in which anything can be written."""

    def filled(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        for name, value in fields.items():
            assert name in self.values, f"The form has no field {name!r}, only {sorted(self.values)}."
            offered = self.choices.get(name)
            assert offered is None or value in offered, f"{value!r} is not among the choices of {name}: {offered}."
        return {name: value for name, value in (self.values | dict(fields)).items() if value is not None}


class Page:
    """What a person sees at an address."""

    def __init__(self, address: str, markup: str) -> None:
        self.address = address
        self.markup = markup
        self.root = parse_html(markup)

    @property
    def text(self) -> str:
        return text_of(self.root)

    @property
    def notes(self) -> list[str]:
        """What the page says of the act that led here."""
        return [text_of(note) for box in _all(self.root, "div") if _is(box, "notes") for note in box.children]

    def links(self, *, within: str = "") -> list[tuple[str, str]]:
        """(words, address) of the page's links, or of those in the table's line that has these words."""
        places = [line for line in _all(self.root, "tr") if within in text_of(line)] if within else [self.root]
        return [
            (text_of(link), urljoin(self.address, link_to))
            for place in places
            for link in _all(place, "a")
            if (link_to := _attribute(link, "href")) and not link_to.startswith("#")
        ]

    def link(self, words: str, *, within: str = "") -> str:
        """Where the link with these words leads; its words may go on with a name or a count."""
        links = self.links(within=within)
        for fits in (str.__eq__, str.startswith):
            if found := {address for text, address in links if fits(text, words)}:
                assert len(found) == 1, f"{words!r} is a link to several places of {self.address}: {sorted(found)}"
                return found.pop()
        raise AssertionError(f"{self.address} has no link {words!r}, only {sorted({text for text, _url in links})}")

    @property
    def offers(self) -> set[str]:
        """Where the page's buttons send something, by the address's name."""
        forms = [form for form, _dialog in _forms(self.root) if any(_is_sending(one) for one in _all(form, "button"))]
        return {view_name(urljoin(self.address, _attribute(form, "action") or "")) for form in forms}

    def form(self, words: str) -> Form:
        """The form with this button. A dialog counts if a button of the page opens it."""
        for form, dialog in _forms(self.root):
            for button in _all(form, "button"):
                if text_of(button) == words and _is_sending(button):
                    assert dialog is None or self._opens(dialog), f"Nothing on {self.address} opens “{words}”."
                    return _form(form, button, self.address)
        raise AssertionError(f"{self.address} has no button {words!r}, only {self.buttons}")

    @property
    def buttons(self) -> list[str]:
        return [text_of(button) for button in _all(self.root, "button")]

    def _opens(self, dialog: Element) -> bool:
        opener = f"#{_attribute(dialog, 'id')}"
        return any(_attribute(button, "data-dialog") == opener for button in _all(self.root, "button"))

    def table(self, label: str) -> list[list[str]]:
        """The words of a table's cells, line by line, the head first."""
        for region in _all(self.root, "div"):
            if _attribute(region, "aria-label") == label:
                return [
                    [text_of(cell) for cell in line.children if cell.name in {"td", "th"}]
                    for line in _all(region, "tr")
                ]
        raise AssertionError(f"{self.address} has no table {label!r}.")


class Visitor:
    """A person with an account, or without one, at a browser of their own."""

    def __init__(self, trail: Trail, user: User | None = None) -> None:
        self.user = user
        self.trail = trail
        self.client = Client(enforce_csrf_checks=True)
        self.page = Page("", "<main></main>")
        self._tried: set[str] = set()

    def sign_in(self) -> None:
        """A new day: nobody is known to the product any more."""
        assert self.user is not None
        self.client = Client(enforce_csrf_checks=True)
        self._read(self.client.get("/", follow=True), "/")
        assert self.page.address.startswith(reverse("login"))
        self._send(self.page.form("登录"), {"username": self.user.username, "password": PASSWORD})
        assert self.page.address == "/"

    def open(self, address: str) -> Page:
        """Type an address, or follow a link. Whatever the page shows as a link has to lead somewhere."""
        self._read(self.client.get(address, follow=True), address)
        return self._arrived()

    def follow(self, words: str, *, within: str = "") -> Page:
        return self.open(self.page.link(words, within=within))

    def look_again(self) -> Page:
        return self.open(self.page.address)

    def press(self, button: str, /, **fields: Any) -> Page:
        """Fill in the form with this button, and send it."""
        form = self.page.form(button)
        data = form.filled(fields)
        self.trail.sent.append((form.action, data))
        self._send(form, fields)
        return self._arrived()

    def download(self, words: str) -> bytes:
        """The file behind a link."""
        answer = self.client.get(self.page.link(words))
        assert answer.headers["Content-Disposition"].startswith("attachment")
        return answer.content

    def sees(self, address: str) -> int:
        """The status of an answer, without going there."""
        return self.client.get(address).status_code

    def sends_anyway(self, address: str, data: Mapping[str, Any]) -> HttpResponse:
        """What no page offered: send it nevertheless, with a token of one's own."""
        token = next(
            _attribute(one, "value") for one in _all(self.page.root, "input") if _attribute(one, "name") == TOKEN
        )
        return self.client.post(address, _uploads({**data, TOKEN: token}))

    def _send(self, form: Form, fields: Mapping[str, Any]) -> None:
        self._read(self.client.post(form.action, _uploads(form.filled(fields)), follow=True), form.action)

    def _read(self, answer: HttpResponse, asked: str) -> None:
        assert answer.status_code == 200, f"{self.user or 'nobody'}: {asked} gives {answer.status_code}"
        address = answer.redirect_chain[-1][0] if answer.redirect_chain else asked
        self.page = Page(urljoin(self.page.address, address), answer.content.decode())

    def _arrived(self) -> Page:
        self.trail.pages.setdefault(self.page.address)
        self._try_links()
        return self.page

    def _try_links(self) -> None:
        """Each place that a page names is opened once by whoever it is named to; files are not, that leaves a trace."""
        for words, address in self.page.links():
            path = urlsplit(address).path
            if path not in self._tried and "/files/" not in path and not path.endswith("/export/"):
                self._tried.add(path)
                status = self.client.get(address, follow=True).status_code
                assert status == 200, f"{self.user}: {words!r} on {self.page.address} leads to {address}: {status}"


def view_name(address: str) -> str:
    return resolve(urlsplit(address).path).view_name


def text_of(element: Element | str) -> str:
    return element if isinstance(element, str) else "".join(text_of(child) for child in element.children)


def _all(element: Element, name: str) -> Iterator[Element]:
    for child in element.children:
        if not isinstance(child, str):
            if child.name == name:
                yield child
            yield from _all(child, name)


def _attribute(element: Element, name: str) -> str | None:
    return dict(element.attributes).get(name)


def _has(element: Element, name: str) -> bool:
    return name in dict(element.attributes)


def _is_sending(button: Element) -> bool:
    return _attribute(button, "type") != "button"


def _is(element: Element, css_class: str) -> bool:
    return css_class in (_attribute(element, "class") or "").split()


def _forms(root: Element) -> Iterator[tuple[Element, Element | None]]:
    """Every form that sends something, with the dialog that it stands in."""
    in_dialogs = {id(form): dialog for dialog in _all(root, "dialog") for form in _all(dialog, "form")}
    for form in _all(root, "form"):
        if _attribute(form, "method") == "post":
            yield form, in_dialogs.get(id(form))


def _form(form: Element, button: Element, address: str) -> Form:
    values: dict[str, Any] = {}
    choices: dict[str, list[str]] = {}
    for name, value, offered in _controls(form):
        values[name] = value if value is not None else values.get(name)
        if offered is not None:
            choices.setdefault(name, []).extend(offered)
    if name := _attribute(button, "name"):
        values[name] = _attribute(button, "value")
    return Form(urljoin(address, _attribute(form, "action") or ""), values, choices)


def _controls(form: Element) -> Iterator[tuple[str, str | None, list[str] | None]]:
    """(name, value, what it offers) of each field; no value for what is not chosen."""
    for control in _all(form, "input"):
        name, kind, value = (_attribute(control, key) for key in ("name", "type", "value"))
        if name and kind in {"radio", "checkbox"}:
            yield name, value if _has(control, "checked") else None, [value or "on"]
        elif name:
            yield name, None if kind == "file" else value or "", None
    for control in _all(form, "textarea"):
        yield _attribute(control, "name") or "", text_of(control), None
    for control in _all(form, "select"):
        options = list(_all(control, "option"))
        chosen = [option for option in options if _has(option, "selected")] or options[:1]
        yield (
            _attribute(control, "name") or "",
            _attribute(chosen[0], "value") if chosen else None,
            [_attribute(option, "value") or "" for option in options],
        )


def _uploads(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: SimpleUploadedFile(value.name, value.content) if isinstance(value, Attachment) else value
        for name, value in data.items()
    }

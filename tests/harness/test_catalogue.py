"""The English catalogue is whole in every commit."""

from tests.harness import messages


def test_every_text_has_its_english():
    assert messages.missing() == []


def test_no_entry_outlives_its_text():
    assert messages.vanished() == []


def test_the_english_keeps_the_placeholders_and_is_english():
    assert messages.mistranslated() == []


def test_texts_of_code_and_of_templates_are_found():
    places = {place for _text, places in messages.texts().values() for place in places}
    assert "accounts/models.py" in places
    assert "templates/base.html" in places
    assert "fixtures/national.toml" in places

"""A summary that somebody pastes or brings as a file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.moves import Refused
from reports.published import texts

FILES = ".txt,.docx"


class PublishedTextForm(forms.Form):
    """Pasted words or a file; `text` of the cleaned data holds the words of whichever was given."""

    words = forms.CharField(
        label=_("粘贴总结的文字"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 9}),
    )
    file = forms.FileField(
        label=_("或者选择文件"),
        required=False,
        allow_empty_file=True,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": FILES}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        file, words = cleaned.get("file"), cleaned.get("words", "")
        if file and words.strip():
            raise forms.ValidationError(_("文字和文件只要一样，请去掉一个。"))
        try:
            if file and file.size > texts.MOST_BYTES:
                raise texts.TextTooLarge(megabytes=texts.MOST_BYTES // 1_000_000)
            cleaned["text"] = texts.text_of(file.read()) if file else texts.tidy(words)
        except Refused as refusal:
            self.add_error("file" if file else "words", str(refusal))
        return cleaned

from django.forms.renderers import TemplatesSetting


class UiRenderer(TemplatesSetting):
    """Fields and forms in the house's own words and classes (templates/ui/)."""

    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"

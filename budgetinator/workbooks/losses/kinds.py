"""A word and a phrase for each thing that can be lost."""

from __future__ import annotations

from collections.abc import Sequence

from budgetinator.workbooks.losses.tree import Node

__all__ = ["kind_of", "phrase"]

# By an element or relationship on the way to what is lost; the deepest that is named here counts.
_KINDS = {
    "to printerSettings": "printer_settings",
    "to drawing": "drawing",
    "to chart": "chart",
    "to chartEx": "chart",
    "to chartUserShapes": "shape",
    "chart": "chart",
    "sp": "shape",
    "cxnSp": "shape",
    "grpSp": "shape",
    "contentPart": "ink",
    "graphicFrame": "chart",
    "pic": "image",
    "to image": "image",
    "picture": "background_image",
    "legacyDrawingHF": "header_picture",
    "note": "comment_box",
    "shape": "form_control",
    "controls": "form_control",
    "control": "form_control",
    "to ctrlProp": "form_control",
    "to control": "form_control",
    "oleObjects": "embedded_object",
    "to package": "embedded_object",
    "to oleObject": "embedded_object",
    "to comments": "comment",
    "rPr": "comment_format",
    "to threadedComment": "threaded_comment",
    "to person": "threaded_comment",
    "to table": "table",
    "to queryTable": "query",
    "to connections": "query",
    "to pivotTable": "pivot_table",
    "to pivotCacheDefinition": "pivot_table",
    "pivotCaches": "pivot_table",
    "to slicer": "slicer",
    "slicerList": "slicer",
    "to slicerCache": "slicer",
    "slicerCaches": "slicer",
    "to timeline": "slicer",
    "timelineRefs": "slicer",
    "timelineCacheRefs": "slicer",
    "sparklineGroups": "sparkline",
    "conditionalFormattings": "conditional_format",
    "conditionalFormatting": "conditional_format",
    "dataValidations": "data_validation",
    "to externalLink": "external_link",
    "externalReferences": "external_link",
    "to customXml": "custom_xml",
    "to xmlMaps": "custom_xml",
    "to tableSingleCells": "custom_xml",
    "to sheetMetadata": "dynamic_array",
    "to rdRichValue": "rich_value",
    "to rdRichValueStructure": "rich_value",
    "to rdRichValueTypes": "rich_value",
    "to richValueRel": "rich_value",
    "to FeaturePropertyBag": "checkbox",
    "to vbaProject": "macros",
    "to xlMacrosheet": "macro_sheet",
    "to xlIntlMacrosheet": "macro_sheet",
    "to dialogsheet": "dialog_sheet",
    "to chartsheet": "chart_sheet",
    "to theme": "theme",
    "to core-properties": "document_property",
    "to extended-properties": "document_property",
    "to custom-properties": "document_property",
    "to origin": "signature",
    "to revisionHeaders": "revision_history",
    "to usernames": "revision_history",
    "headerFooter": "header_footer",
    "cell format": "cell_format",
    "cell style": "cell_style",
    "tableStyles": "table_style",
    "colors": "colour_palette",
    "definedNames": "defined_name",
    "hyperlinks": "hyperlink",
    "hlinkClick": "hyperlink",
    "cols": "column",
    "protectedRanges": "protection",
    "sheetProtection": "protection",
    "fileSharing": "protection",
    "workbookPr": "workbook_setting",
    "customWorkbookViews": "custom_view",
    "customSheetViews": "custom_view",
    "ignoredErrors": "ignored_error",
    "sortState": "sorting",
    "autoFilter": "filter",
    "extLst": "extension",
}

_CONTAINERS = {None, "drawing", "extension"}


def kind_of(path: Sequence[str], lost: Node | None) -> str:
    """The kind, by the way to what is lost and, where all of it is lost, what it holds."""
    if lost is not None:
        inside = _first_kind(lost)
        if inside is not None:
            return inside
    for tag in reversed(path):
        if tag in _KINDS:
            return _KINDS[tag]
    return "detail"


def _first_kind(node: Node) -> str | None:
    """The kind of the outermost thing in it that is more than a container."""
    level, container = [node], None
    while level:
        for each in level:
            kind = _KINDS.get(each.tag)
            if kind not in _CONTAINERS:
                return kind
            container = container or kind
        level = [child for each in level for child in each.children]
    return container


def phrase(path: Sequence[str], name: str, old: str, new: str | None) -> str:
    """What is lost, by its way within the part."""
    way = "/".join(tag.removeprefix("to ") for tag in path[-3:])
    if not name:
        return f"{way} is lost"
    if new is None:
        return f"{way} loses {name} ({_short(old)})"
    return f"{way} gets {name} {_short(new)} instead of {_short(old)}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."

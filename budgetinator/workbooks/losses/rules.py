"""What a program may write differently without changing the workbook.

Found by letting openpyxl rewrite real workbooks and reading each difference up in
ECMA-376 part 1. An attribute that is left out means its default there; everything
that is not named here counts as lost when it is gone.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

__all__ = [
    "IGNORED_NAMESPACES",
    "IGNORED_PARTS",
    "attribute_is_ignored",
    "element_is_ignored",
    "local",
    "normal_attribute",
    "normal_text",
    "normal_value",
]

_MICROSOFT = "http://schemas.microsoft.com/office/"
# Revision marks and layout hints that any program may leave out (part 3).
IGNORED_NAMESPACES = {
    "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "http://www.w3.org/XML/1998/namespace",
    "http://www.w3.org/2001/XMLSchema-instance",
    f"{_MICROSOFT}spreadsheetml/2009/9/ac",
    f"{_MICROSOFT}spreadsheetml/2014/revision",
    f"{_MICROSOFT}spreadsheetml/2015/revision2",
    *(f"{_MICROSOFT}spreadsheetml/2016/revision{n}" for n in (3, 6, 9, 10)),
}

# Relationship kinds whose parts are rebuilt (calcChain), scanned as bytes (sharedStrings),
# compared by what refers to them (styles), or a picture of an old state (thumbnail).
IGNORED_PARTS = {"calcChain", "sharedStrings", "styles", "thumbnail"}

# Elements by parent and name; "" stands for any parent.
_IGNORED = {
    ("workbook", "fileVersion"),
    ("workbook", "revisionPtr"),
    ("workbook", "fileRecoveryPr"),
    ("workbook", "functionGroups"),
    ("worksheet", "dimension"),
    ("worksheet", "phoneticPr"),  # the ruby text itself is looked for in the strings
    ("worksheet", "sheetCalcPr"),  # the save asks for a full calculation
    ("worksheet", "sheetData"),  # scanned as bytes
    ("chartSpace", "lang"),
    ("chartSpace", "date1904"),
    ("graphicFrame", "xfrm"),  # of a chart: its anchor says where it stands
    ("cNvGraphicFramePr", "graphicFrameLocks"),
    ("Properties", "TotalTime"),
    ("coreProperties", "modified"),
    ("coreProperties", "lastPrinted"),
}
# Which properties of the document are the user's own; the rest describes the program.
_OWN_PROPERTIES = {"Company", "Manager", "HyperlinkBase"}
# Extensions that repeat a default or identify an object for comparing versions.
_IGNORED_EXTENSIONS = {
    "slicerStyles",
    "timelineStyles",
    "workbookPr",
    "calcFeatures",
    "useLocalDpi",
    "creationId",
    "uniqueId",
    "compatExt",
    "ArchID",
}

# Attributes by element and name; "*" stands for any element.
_IGNORED_ATTRIBUTES = {
    "sheet": {"sheetId"},
    "workbookPr": {"defaultThemeVersion", "autoCompressPictures", "showInkAnnotation"},
    "cNvPr": {"id"},
    "graphicFrame": {"macro"},
    "sheetFormatPr": {"outlineLevelCol"},  # counted anew from the columns
    "table": {"id"},
    "*": {"count", "uniqueCount", "uid", "conformance"},
}

_FALSE = "wrapText shrinkToFit justifyLastLine diagonalUp diagonalDown hidden collapsed phonetic"
_FALSE += " bestFit customWidth customFormat date1904 backupFile filterPrivacy hidePivotFieldList"
_FALSE += " promptedSolutions publishItems refreshAllConnections allowRefreshQuery"
_FALSE += " checkCompatibility showPivotChartFilter customBuiltin quotePrefix pivotButton"
_FALSE += " windowProtection rightToLeft showFormulas tabSelected horizontalCentered"
_FALSE += " verticalCentered headings gridLines blackAndWhite draft useFirstPageNumber"
_FALSE += " differentOddEven differentFirst filterMode published syncHorizontal syncVertical"
_FALSE += " transitionEvaluation transitionEntry fitToPage applyStyles"
_FALSE += " bottom stopIfTrue equalAverage xlm vbProcedure function"
_FALSE += " publishToServer workbookParameter noThreeD allowBlank showDropDown showInputMessage"
_FALSE += " showErrorMessage zeroHeight thickTop thickBottom customHeight insertRow"
_FALSE += " insertRowShift descending caseSensitive columnSort fPublished"
_FALSE += " showFirstColumn showLastColumn forceFullCalc"
_FALSE += " lockStructure lockWindows lockRevision minimized"
_BY_DEFAULT_FALSE = set(_FALSE.split())

_DEFAULTS = {
    ("alignment", "indent"): "0",
    ("alignment", "relativeIndent"): "0",
    ("alignment", "textRotation"): "0",
    ("alignment", "readingOrder"): "0",
    ("alignment", "horizontal"): "general",
    ("alignment", "vertical"): "bottom",
    ("protection", "locked"): "1",
    ("border", "outline"): "1",
    ("col", "outlineLevel"): "0",
    ("col", "style"): "0",
    ("sheetFormatPr", "outlineLevelRow"): "0",
    ("sheetFormatPr", "outlineLevelCol"): "0",
    ("sheetFormatPr", "baseColWidth"): "8",
    ("workbookPr", "showObjects"): "all",
    ("workbookPr", "updateLinks"): "userSet",
    ("workbookPr", "saveExternalLinkValues"): "1",
    ("workbookPr", "showBorderUnselectedTables"): "1",
    ("workbookPr", "dateCompatibility"): "1",
    ("pageSetup", "cellComments"): "none",
    ("pageSetup", "errors"): "displayed",
    ("pageSetup", "pageOrder"): "downThenOver",
    ("pageSetup", "orientation"): "default",
    ("pageSetup", "copies"): "1",
    ("pageSetup", "scale"): "100",
    ("pageSetup", "fitToWidth"): "1",
    ("pageSetup", "fitToHeight"): "1",
    ("pageSetup", "firstPageNumber"): "1",
    ("pageSetup", "usePrinterDefaults"): "1",
    ("pageSetup", "paperSize"): "1",
    ("pageSetup", "horizontalDpi"): "600",
    ("pageSetup", "verticalDpi"): "600",
    ("headerFooter", "alignWithMargins"): "1",
    ("headerFooter", "scaleWithDoc"): "1",
    ("patternFill", "patternType"): "none",
    ("sheet", "state"): "visible",
    ("sheetView", "view"): "normal",
    ("sheetView", "zoomScale"): "100",
    ("sheetView", "zoomScaleNormal"): "0",
    ("selection", "activeCell"): "A1",
    ("selection", "sqref"): "A1",
    ("selection", "pane"): "topLeft",
    ("twoCellAnchor", "editAs"): "twoCell",
    ("dataValidation", "errorStyle"): "stop",
    ("dataValidation", "type"): "none",
    ("dataValidation", "operator"): "between",
    ("dataValidation", "imeMode"): "noControl",
    ("externalCell", "vm"): "0",
    ("defRPr", "u"): "none",
    ("table", "headerRowCount"): "1",
    ("table", "totalsRowCount"): "0",
    ("table", "totalsRowShown"): "1",
}
_PARENTS_OF_FLAGS = {"font", "rPr"}
_FLAGS = {"b", "i", "strike", "u", "outline", "shadow", "condense", "extend"}
_ELEMENTS_BY_DEFAULT = {
    # In a chart an element that says what its absence says too (part 1, 21.2.2).
    ("chart", "showDLblsOverMax", "0"),
    ("chartSpace", "roundedCorners", "1"),
}

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_BOOLEANS = {"true": "1", "false": "0"}
_AREAS = {"sqref"}
_PLAIN_QUOTES = re.compile(r"'([^'\[\]]+)'!")
_SIZE_CODE = re.compile(r"&(\d+)\s?")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_FRACTION = re.compile(r"\.\d+(?=Z|$)")
_PRINT_AREAS = ("_xlnm.Print_Titles", "_xlnm.Print_Area")


def local(tag: object) -> str:
    """The name of an element or attribute without its namespace."""
    return str(tag).rpartition("}")[2]


def normal_value(value: str) -> str:
    """The same for all spellings of a boolean or a number."""
    if value in _BOOLEANS:
        return _BOOLEANS[value]
    if len(value) < 30 and _NUMBER.fullmatch(value):
        return format(float(value), ".12g")
    return value


def normal_attribute(tag: str, name: str, value: str) -> str | None:
    """The value without its spelling; None where it is what its absence means."""
    if name in _AREAS:
        value = " ".join(sorted(value.split()))
    elif tag == "tableColumn" and name == "name":
        value = _unescaped(value)
    elif name == "rgb":
        value = value[-6:].upper()  # the first two are an alpha, which Excel does not use
    else:
        value = normal_value(value)
    if value == "0" and name in _BY_DEFAULT_FALSE:
        return None
    return None if _DEFAULTS.get((tag, name)) == value else value


def attribute_is_ignored(tag: str, name: str) -> bool:
    """Whether the attribute describes the program or the writing, and not the workbook."""
    return name in _IGNORED_ATTRIBUTES["*"] or name in _IGNORED_ATTRIBUTES.get(tag, ())


def normal_text(tag: str, text: str, attributes: dict[str, str]) -> str:
    """The text of an element without its spelling."""
    if tag == "definedName":
        plain = _PLAIN_QUOTES.sub(r"\1!", text.strip())
        if attributes.get("name", "") in _PRINT_AREAS:
            return ",".join(sorted(plain.split(",")))
        return plain
    if tag.endswith(("Header", "Footer")):
        return _SIZE_CODE.sub(r"&\1 ", _unescaped(text))
    if tag == "created":
        return _FRACTION.sub("", text)
    if tag in {"t", "author", "formula", "f", "formula1", "formula2"}:
        return text
    return normal_value(text)


def _unescaped(text: str) -> str:
    """The text with its escapes resolved (part 1, section 22.9.2.19)."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.replace("\r\n", "\n")


def element_is_ignored(parent: str, element: Element) -> bool:
    """Whether the element may be left out, because it says nothing or nothing that lasts."""
    tag = local(element.tag)
    if (parent, tag) in _IGNORED:
        return True
    if parent == "coreProperties" and not (element.text or "").strip():
        return True
    if tag == "extLst":
        return all(_extension_is_ignored(each) for each in element)
    if tag in _FLAGS and parent in _PARENTS_OF_FLAGS:
        return element.get("val") in {"0", "false", "none"}
    if parent == "Properties" and tag != "property":
        return tag not in _OWN_PROPERTIES or not (element.text or "").strip()
    return _says_nothing(parent, tag, element)


def _extension_is_ignored(extension: Element) -> bool:
    names = {local(each.tag) for each in extension}
    if {"slicerStyles", "timelineStyles"} & names:
        return not any(len(each) for each in extension)
    return names <= _IGNORED_EXTENSIONS


def _says_nothing(parent: str, tag: str, element: Element) -> bool:
    if tag == "headerFooter":
        return not any((each.text or "").strip() for each in element)
    if tag == "AlternateContent" and parent == "workbook":
        inside = {local(each.tag) for each in element.iter()}
        return inside <= {"AlternateContent", "Choice", "Fallback", "absPath"}
    if tag == "sheetProtection" and parent == "worksheet":
        return element.get("sheet") not in {"1", "true"}
    if tag == "printSettings" and parent == "chartSpace":
        return all(local(each.tag) == "pageMargins" or _is_bare(each) for each in element)
    if tag == "colors" and parent == "styleSheet":
        return all(local(each.tag) == "mruColors" for each in element)
    if tag in {"printOptions", "pageSetup", "webPublishing"}:
        return set(element.attrib) <= {"codePage"} and not len(element)
    return (parent, tag, element.get("val")) in _ELEMENTS_BY_DEFAULT


def _is_bare(element: Element) -> bool:
    return not len(element) and not element.attrib

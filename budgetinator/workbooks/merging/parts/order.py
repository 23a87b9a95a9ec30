"""In which order the children of an element have to stand.

From the schemas of ECMA-376 part 1 (sections 18.2, 18.3, 18.5, 20.1, 20.5, 21.2), for
the parents that openpyxl writes and that may hold what it does not write. A parent
that is not named here takes a new child behind the one that it has before it in the
rendering.
"""

from __future__ import annotations

__all__ = ["child_rank"]

_WORKSHEET = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection"
    " protectedRanges scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells"
    " phoneticPr conditionalFormatting dataValidations hyperlinks printOptions pageMargins"
    " pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors"
    " smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls"
    " webPublishItems tableParts extLst"
)
_CHARTSHEET = (
    "sheetPr sheetViews sheetProtection customSheetViews pageMargins pageSetup headerFooter"
    " drawing legacyDrawing legacyDrawingHF drawingHF picture webPublishItems extLst"
)
_WORKBOOK = (
    "fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups"
    " externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr"
    " smartTagTypes webPublishing fileRecoveryPr webPublishObjects extLst"
)
_SERIES = (
    "idx order tx spPr invertIfNegative marker pictureOptions explosion dPt dLbls trendline errBars"
    " cat xVal val yVal smooth bubbleSize bubble3D shape extLst"
)
_AXIS = (
    "axId scaling delete axPos majorGridlines minorGridlines title numFmt majorTickMark"
    " minorTickMark tickLblPos spPr txPr crossAx crosses crossesAt crossBetween auto lblAlgn"
    " lblOffset baseTimeUnit majorUnit majorTimeUnit minorUnit minorTimeUnit tickLblSkip"
    " tickMarkSkip noMultiLvlLbl dispUnits extLst"
)
_KIND_OF_CHART = (
    "wireframe ofPieType barDir grouping radarStyle scatterStyle varyColors ser dLbls gapWidth"
    " gapDepth overlap shape serLines splitType splitPos custSplit secondPieSize dropLines"
    " hiLowLines upDownBars marker smooth firstSliceAng holeSize bubble3D bubbleScale"
    " showNegBubbles sizeRepresents bandFmts axId extLst"
)
_LABEL = (
    "idx delete layout tx numFmt spPr txPr dLblPos showLegendKey showVal showCatName showSerName"
    " showPercent showBubbleSize separator showLeaderLines leaderLines extLst"
)
_RUN = (
    "ln noFill solidFill gradFill blipFill pattFill grpFill effectLst effectDag highlight uLnTx"
    " uLn uFillTx uFill latin ea cs sym hlinkClick hlinkMouseOver rtl extLst"
)
_ORDERS = {
    "worksheet": _WORKSHEET,
    "chartsheet": _CHARTSHEET,
    "workbook": _WORKBOOK,
    "sheetPr": "tabColor outlinePr pageSetUpPr",
    "sheetView": "pane selection pivotSelection extLst",
    "conditionalFormatting": "cfRule extLst",
    "cfRule": "formula colorScale dataBar iconSet extLst",
    "dataValidation": "formula1 formula2",
    "autoFilter": "filterColumn sortState extLst",
    "filters": "filter dateGroupItem",
    "sortState": "sortCondition extLst",
    "headerFooter": "oddHeader oddFooter evenHeader evenFooter firstHeader firstFooter",
    "table": "autoFilter sortState tableColumns tableStyleInfo extLst",
    "tableColumn": "calculatedColumnFormula totalsRowFormula xmlColumnPr extLst",
    "workbookView": "extLst",
    "chartSpace": "date1904 lang roundedCorners AlternateContent style clrMapOvr pivotSource"
    " protection chart spPr txPr externalData printSettings userShapes extLst",
    "chart": "title autoTitleDeleted pivotFmts view3D floor sideWall backWall plotArea legend"
    " plotVisOnly dispBlanksAs showDLblsOverMax extLst",
    "plotArea": "layout areaChart area3DChart lineChart line3DChart stockChart radarChart"
    " scatterChart pieChart pie3DChart doughnutChart barChart bar3DChart ofPieChart surfaceChart"
    " surface3DChart bubbleChart valAx catAx dateAx serAx dTable spPr extLst",
    "title": "tx layout overlay spPr txPr extLst",
    "legend": "legendPos legendEntry layout overlay spPr txPr extLst",
    "view3D": "rotX hPercent rotY depthPercent rAngAx perspective extLst",
    "ser": _SERIES,
    "catAx": _AXIS,
    "valAx": _AXIS,
    "dateAx": _AXIS,
    "serAx": _AXIS,
    "scaling": "logBase orientation max min extLst",
    "dLbl": _LABEL,
    "dLbls": f"dLbl {_LABEL}",
    "dPt": "idx invertIfNegative marker bubble3D explosion spPr pictureOptions extLst",
    "marker": "symbol size spPr extLst",
    "numRef": "f numCache extLst",
    "strRef": "f strCache extLst",
    "rich": "bodyPr lstStyle p",
    "txPr": "bodyPr lstStyle p",
    "p": "pPr r br fld endParaRPr",
    "r": "rPr t",
    "rPr": _RUN,
    "defRPr": _RUN,
    "endParaRPr": _RUN,
    "spPr": "xfrm custGeom prstGeom noFill solidFill gradFill blipFill pattFill grpFill ln"
    " effectLst effectDag scene3d sp3d extLst",
    "ln": "noFill solidFill gradFill pattFill prstDash custDash round bevel miter headEnd tailEnd"
    " extLst",
    "twoCellAnchor": "from to sp grpSp graphicFrame cxnSp pic contentPart clientData",
    "oneCellAnchor": "from ext sp grpSp graphicFrame cxnSp pic contentPart clientData",
    "absoluteAnchor": "pos ext sp grpSp graphicFrame cxnSp pic contentPart clientData",
}
# Of these any may stand before any other.
_EQUALS = {
    "plotArea": (
        frozenset(_ORDERS["plotArea"].split()[1:17]),
        frozenset({"valAx", "catAx", "dateAx", "serAx"}),
    ),
    "p": (frozenset({"r", "br", "fld"}),),
}
_LAST = 1000


def _ranks(parent: str, names: str) -> dict[str, int]:
    ranks = {name: rank for rank, name in enumerate(names.split())}
    for equals in _EQUALS.get(parent, ()):
        ranks.update(dict.fromkeys(equals, min(ranks[name] for name in equals)))
    return ranks


_RANKS = {parent: _ranks(parent, names) for parent, names in _ORDERS.items()} | {
    kind: _ranks(kind, _KIND_OF_CHART) for kind in _EQUALS["plotArea"][0]
}


def child_rank(parent: str, child: str) -> int | None:
    """Where the child stands in its parent; None where the order is not known."""
    return _LAST if child == "extLst" else _RANKS.get(parent, {}).get(child)

"""PDF files for the demo's items: what a scanner would have brought."""

from io import BytesIO
from typing import Any, Final

from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

PLAIN: Final = "Helvetica"
WIDE: Final = "HeiseiKakuGo-W5"  # a font every reader brings along; it has the letters that Helvetica lacks
TITLES: Final = {"invoice": "INVOICE", "receipt": "RECEIPT", "credit_note": "CREDIT NOTE"}


def paper(item: dict[str, Any]) -> bytes:
    """A one-page PDF that says what the item says; the same item gives the same bytes."""
    registerFont(UnicodeCIDFont(WIDE))
    file = BytesIO()
    canvas = Canvas(file, pagesize=A5, invariant=True)
    canvas.setTitle(f"{TITLES[item['type']].title()} {item.get('number', '')}")
    height = A5[1] - 20 * mm
    rows = [
        (16, TITLES[item["type"]]),
        (11, item["contact"]["name"]),
        (9, f"Number {item.get('number') or '-'}    Date {item['date']}    Due {item.get('due_date') or '-'}"),
        *((9, f"{line['quantity']} x {line['description']}    {line['amount']}") for line in item["lines"]),
        (9, f"Tax {item['tax_total']} ({item['tax_mode']})"),
        (12, f"Total {item['currency']} {item['total']}"),
    ]
    for size, text in rows:
        canvas.setFont(_font(text), size)
        canvas.drawString(15 * mm, height, text)
        height -= size + 4 * mm
    canvas.save()
    return file.getvalue()


def _font(text: str) -> str:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return WIDE
    return PLAIN

"""Taxes and totals of a document, worked out as QuickBooks does in each kind of company.

Outside the United States tax follows GlobalTaxCalculation and the tax code of each line; a code may combine several
rates (Canada's GST and PST). In the United States purchases carry no tax, and automated sales tax works out what the
lines marked TAX owe. Sources: developer.intuit.com, "Manage sales tax for non-US locales" and "Automated sales tax";
Finance.xsd (TxnTaxDetail, TaxLine).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.books import Company
from sandbox.quickbooks.errors import RefusedError, business, invalid_choice, no_such_reference, required
from sandbox.quickbooks.formats import ZERO, cents, read_amount, ref_value
from sandbox.quickbooks.wire import Record

GLOBAL_CHOICES = ("TaxExcluded", "TaxInclusive", "NotApplicable")
_HUNDRED = Decimal(100)
# Assumed: tax is rounded once for each rate of a document, on the sum of what it applies to, not line by line. Under
# TaxInclusive each line's share is rounded to find its net amount, so there the sum of the lines decides.
# Assumed: automated sales tax finds this code's rates for every address.
AUTOMATED_TAX_CODE = "2"


@dataclass
class Taxed:
    """A document's lines with their net amounts, its tax lines and its totals."""

    lines: list[Record]
    net: Decimal
    tax: Decimal
    detail: Record | None = None

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def worked_out(company: Company, body: Mapping[str, Any], lines: list[Record], *, sales: bool) -> Taxed:
    """Tax of lines that have been checked. Raises RefusedError (2020, 2170, 2500, 6000, 6100)."""
    if company.country == "US":
        return _american(company, body, lines, sales=sales)
    mode = body.get("GlobalTaxCalculation", "TaxExcluded" if sales else None)
    if mode is None:
        raise required("GlobalTaxCalculation")
    if mode not in GLOBAL_CHOICES:
        raise invalid_choice("GlobalTaxCalculation", mode)
    if mode == "NotApplicable":
        return Taxed(lines, _net(lines), ZERO)
    return _global(company, body, lines, mode=mode, sales=sales)


def detail_of(line: Mapping[str, Any]) -> Record:
    """The part of a line named by its DetailType."""
    found = line.get(str(line.get("DetailType")), {})
    return found if isinstance(found, dict) else {}


def posts(line: Mapping[str, Any]) -> bool:
    """Whether a line carries an amount of its own; descriptions and subtotals do not."""
    return line["DetailType"] not in {"SubTotalLineDetail", "DescriptionOnly"}


def _net(lines: Iterable[Record]) -> Decimal:
    return sum((line["Amount"] for line in lines if posts(line)), ZERO)


def _american(company: Company, body: Mapping[str, Any], lines: list[Record], *, sales: bool) -> Taxed:
    for line in filter(posts, lines):
        code = ref_value(detail_of(line), "TaxCodeRef")
        if code is not None and code not in {"TAX", "NON"}:
            detail = "Invalid tax code for line : Line tax code must be TAX or NON for US companies."
            raise RefusedError("6100", "Invalid tax code", detail, element="TaxCodeRef")
    net = _net(lines)
    if not sales or not company.preference("TaxPrefs", "UsingSalesTax"):
        return Taxed(lines, net, ZERO)
    marked = [line for line in filter(posts, lines) if ref_value(detail_of(line), "TaxCodeRef") == "TAX"]
    wanted = body.get("TxnTaxDetail") or {}
    code_id = ref_value(wanted, "TxnTaxCodeRef") or AUTOMATED_TAX_CODE
    base = sum((line["Amount"] for line in marked), ZERO)
    rates = _rates(company, _code(company, code_id), sales=True)
    tax_lines = [_tax_line(rate, cents(base * rate["RateValue"] / _HUNDRED), base) for rate in rates if base]
    tax_lines, tax = _overridden(company, wanted, tax_lines)
    worked = {"TxnTaxCodeRef": {"value": code_id}, "TotalTax": tax, "TaxLine": tax_lines}
    return Taxed(lines, net, tax, worked)


def _global(company: Company, body: Mapping[str, Any], lines: list[Record], *, mode: str, sales: bool) -> Taxed:
    """Net amounts, and tax by rate. Under TaxInclusive a line's gross is its TaxInclusiveAmt, or else its Amount."""
    bases: dict[str, Decimal] = {}
    line_taxes: dict[str, Decimal] = {}
    rates: dict[str, Record] = {}
    made: list[Record] = []
    for line in lines:
        if not posts(line):
            made.append(line)
            continue
        of_line = _rates(company, _code_of_line(company, line), sales=sales)
        net, gross = _net_and_gross(line, of_line, mode)
        if gross is not None:
            shares = _shares(gross - net, of_line)
        else:
            shares = [cents(net * rate["RateValue"] / _HUNDRED) for rate in of_line]
        made.append(_with_amounts(line, net, gross))
        for rate, share in zip(of_line, shares, strict=True):
            key = rate["Id"]
            rates[key] = rate
            bases[key] = bases.get(key, ZERO) + net
            line_taxes[key] = line_taxes.get(key, ZERO) + share
    inclusive = mode == "TaxInclusive"
    tax_lines = [
        _tax_line(rate, line_taxes[key] if inclusive else cents(bases[key] * rate["RateValue"] / _HUNDRED), bases[key])
        for key, rate in rates.items()
    ]
    tax_lines, tax = _overridden(company, body.get("TxnTaxDetail") or {}, tax_lines)
    return Taxed(made, _net(made), tax, {"TotalTax": tax, "TaxLine": tax_lines})


def _net_and_gross(line: Record, rates: list[Record], mode: str) -> tuple[Decimal, Decimal | None]:
    if mode != "TaxInclusive":
        return line["Amount"], None
    sent = detail_of(line).get("TaxInclusiveAmt")
    # Assumed: Amount is the net amount when TaxInclusiveAmt stands beside it, and the gross amount when it does not.
    gross = read_amount(sent, "TaxInclusiveAmt") if sent is not None else line["Amount"]
    percent = sum((rate["RateValue"] for rate in rates), Decimal(0))
    return cents(gross * _HUNDRED / (_HUNDRED + percent)), cents(gross)


def _shares(tax: Decimal, rates: list[Record]) -> list[Decimal]:
    """A line's tax divided among its rates; the last one takes what rounding leaves."""
    percent = sum((rate["RateValue"] for rate in rates), Decimal(0))
    shares = [cents(tax * rate["RateValue"] / percent) if percent else ZERO for rate in rates]
    if shares:
        shares[-1] += tax - sum(shares, ZERO)
    return shares


def _with_amounts(line: Record, net: Decimal, gross: Decimal | None) -> Record:
    if gross is None:
        return line
    detail = {**detail_of(line), "TaxInclusiveAmt": gross}
    return {**line, "Amount": net, line["DetailType"]: detail}


def _code_of_line(company: Company, line: Record) -> Record:
    code_id = ref_value(detail_of(line), "TaxCodeRef")
    if code_id is None:
        name = "GST/HST" if company.country == "CA" else "VAT"
        raise business(f"Make sure all your transactions have a {name} rate before you save.")
    return _code(company, code_id)


def _code(company: Company, code_id: str) -> Record:
    found = company.get("TaxCode", code_id)
    if found is None or not found.get("Active", True):
        raise no_such_reference("TaxCodeRef", "TaxCode", code_id)
    return found


def _rates(company: Company, code: Record, *, sales: bool) -> list[Record]:
    listed = code.get("SalesTaxRateList" if sales else "PurchaseTaxRateList", {}).get("TaxRateDetail", [])
    return [company.tables["TaxRate"][one["TaxRateRef"]["value"]] for one in listed]


def _tax_line(rate: Record, amount: Decimal, base: Decimal) -> Record:
    detail = {
        "TaxRateRef": {"value": rate["Id"]},
        "PercentBased": True,
        "TaxPercent": rate["RateValue"],
        "NetAmountTaxable": base,
    }
    return {"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def _overridden(company: Company, wanted: Mapping[str, Any], worked: list[Record]) -> tuple[list[Record], Decimal]:
    """The tax lines as sent where there are any; in the United States a TotalTax alone also stands."""
    sent = [line for line in wanted.get("TaxLine", []) if isinstance(line, dict)]
    if sent:
        for line in sent:
            rate = ref_value(line.get("TaxLineDetail", {}), "TaxRateRef")
            if rate is None or company.get("TaxRate", rate) is None:
                raise no_such_reference("TaxRateRef", "TaxRate", str(rate))
        lines = [{**line, "Amount": read_amount(line.get("Amount"), "TaxLine.Amount")} for line in sent]
        return lines, sum((line["Amount"] for line in lines), ZERO)
    if company.country == "US" and wanted.get("TotalTax") is not None:
        return worked, read_amount(wanted["TotalTax"], "TotalTax")
    return worked, sum((line["Amount"] for line in worked), ZERO)

"""The query language, change data capture and batches, as Intuit's pages have them."""

import pytest

from rehearsal.sandbox_process import SandboxClient
from tests.contract.sandbox.quickbooks.desk import GB, US, american_bill, bill, connect


def test_pages_are_cut_from_one_order(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    pages = [
        desk.query(f"select * from Account orderby Name desc startposition {at} maxresults 10") for at in (1, 11, 21)
    ]
    names = [one["Name"] for page in pages for one in page["Account"]]
    assert names == sorted(names, key=str.casefold, reverse=True)
    assert [(page["startPosition"], page["maxResults"]) for page in pages] == [(1, 10), (11, 10), (21, 5)]
    assert desk.query("select * from Account startposition 26") == {}


@pytest.mark.parametrize(
    ("statement", "ids"),
    [
        ("select * from Vendor where DisplayName = 'CITY taxis'", ["58"]),
        ("SELECT * FROM vendor WHERE DisplayName LIKE '%oil%' or", None),
        (r"select * from Vendor where DisplayName = 'O\'Neil & Sons'", ["59"]),
        ("select * from Vendor where Id in ('55', '60')", ["55"]),
        ("select * from Vendor where Id in ('55', '60') and Active in (true, false)", ["55", "60"]),
        ("select * from Vendor where Active = false", ["60"]),
        ("select * from Customer where Job = true", ["63"]),
        ("select * from Account where AccountType IN ('Bank','Credit Card') and CurrentBalance = 1", None),
        ("select * from Account where AccountType = 'Credit Card'", ["3"]),
        ("select * from Account where FullyQualifiedName LIKE 'Travel:%'", ["14"]),
        ("select * from TaxCode where Name = '20.0% RC'", ["7"]),
        ("select * from Term where MetaData.CreateTime > '2026-01-05T09:00:00Z'", []),
        ("select * from Term where MetaData.CreateTime >= '2026-01-05T09:00:00Z'", ["1", "2", "3"]),
    ],
)
def test_filters(sandbox: SandboxClient, statement: str, ids: list[str] | None) -> None:
    desk = connect(sandbox, GB)
    if ids is None:
        assert desk.call("GET", "/query", params={"query": statement}).status_code == 400
        return
    found = desk.query(statement)
    assert [one["Id"] for key in found if isinstance(found[key], list) for one in found[key]] == ids


@pytest.mark.parametrize(
    ("statement", "code", "detail"),
    [
        ("", "4000", "QueryParserError"),
        ("select * from", "4000", "<EOF>"),
        ("select * from Nothing", "4001", "Entity Nothing not found"),
        ("select * from Bill where PrivateNote = 'x'", "4001", "Property PrivateNote not found for Entity Bill"),
        ("select * from Purchase where AccountRef = '1'", "4001", "Property AccountRef not found"),
        ("select * from Bill where Id > '5'", "4001", "Operator > is not supported for property Id"),
        ("select * from Vendor maxresults 1001", "4001", "Max allowed value is 1000"),
        ("select * from Vendor startposition 0", "4000", "positive integer"),
        ("select * from Vendor where DisplayName = 'a' or DisplayName = 'b'", "4000", "or"),
        ("select * from Vendor where DisplayName = 'O'Neil'", "4000", "Lexical error"),
    ],
)
def test_a_statement_is_refused(sandbox: SandboxClient, statement: str, code: str, detail: str) -> None:
    answer = connect(sandbox).call("POST", "/query", content=statement, headers={"content-type": "application/text"})
    error = answer.json()["Fault"]["Error"][0]
    assert (answer.status_code, error["code"]) == (400, code)
    assert detail in error["Detail"]


def test_a_quote_in_a_value_cannot_widen_a_filter(sandbox: SandboxClient) -> None:
    name = r"O\'Neil\' OR \'x\'=\'x"
    assert connect(sandbox).query(f"select * from Vendor where DisplayName = '{name}'") == {}


def test_columns_come_as_sparse_records(sandbox: SandboxClient) -> None:
    found = connect(sandbox).query("select Id, DisplayName from Vendor where Id = '55'")
    assert found["Vendor"] == [{"Id": "55", "DisplayName": "Bright Office Supplies", "sparse": True}]


def test_changes_come_with_tombstones_last(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, US)
    now = sandbox.read("/clock")["now"]
    first, second = (desk.post("Bill", american_bill()) for _ in range(2))
    desk.post("Bill", {"Id": first["Id"], "SyncToken": "0"}, operation="delete")
    desk.post("Vendor", {"Id": "55", "SyncToken": "0", "sparse": True, "Notes": "changed"})
    params = {"entities": "Bill,Customer,Vendor", "changedSince": now[:19] + "Z"}
    bills, customers, vendors = desk.call("GET", "/cdc", params=params).json()["CDCResponse"][0]["QueryResponse"]
    assert [(one["Id"], one.get("status")) for one in bills["Bill"]] == [(second["Id"], None), (first["Id"], "Deleted")]
    assert (customers, [one["Id"] for one in vendors["Vendor"]], bills["maxResults"]) == ({}, ["55"], 2)


@pytest.mark.parametrize(
    "params",
    [
        {"entities": "TaxCode", "changedSince": "2099-01-01"},
        {"entities": "Bill", "changedSince": "2001-01-01T00:00:00Z"},
        {"entities": "Bill", "changedSince": "then"},
        {"entities": "Bill"},
    ],
)
def test_changes_are_refused(sandbox: SandboxClient, params: dict[str, str]) -> None:
    assert connect(sandbox).call("GET", "/cdc", params=params).status_code == 400


def test_a_batch_answers_each_element_and_keeps_them_apart(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, US)
    rows = desk.batch(
        {"operation": "create", "Vendor": {"DisplayName": "Fresh Foods"}},
        {"operation": "create", "Vendor": {"DisplayName": "fresh foods"}},
        # The next id, which the first element has just been given.
        {"operation": "create", "Bill": american_bill(VendorRef={"value": "65"})},
        {"operation": "create", "Bill": american_bill(DocNumber="S-1")},
        {"operation": "update", "Vendor": {"Id": "55", "SyncToken": "7", "sparse": True}},
        {"operation": "delete", "Bill": {"Id": "9999", "SyncToken": "0"}},
        {"Query": "select count(*) from Vendor"},
        {"Query": "select nonsense"},
        {"operation": "burn", "Bill": {}},
    )
    assert [row["bId"] for row in rows] == [str(at) for at in range(1, 10)]
    codes = [row["Fault"]["Error"][0]["code"] if "Fault" in row else None for row in rows]
    assert codes == [None, "6240", "2500", None, "5010", "610", None, "4000", "2170"]
    assert rows[0]["Vendor"]["Id"] == "65"
    assert rows[6]["QueryResponse"] == {"totalCount": 6}
    assert desk.post("Bill", american_bill(VendorRef={"value": "65"}))["VendorRef"]["name"] == "Fresh Foods"


def test_a_batch_has_at_most_30_elements_and_1000_objects(sandbox: SandboxClient) -> None:
    sandbox.control("/reset", {"seed": {"contacts": 1800}})
    desk = connect(sandbox, GB)
    items = [{"bId": str(at), "Query": "select * from Term"} for at in range(31)]
    assert desk.call("POST", "/batch", json={"BatchItemRequest": items}).status_code == 400
    rows = desk.batch(*({"Query": f"select * from {name} maxresults 1000"} for name in ("Vendor", "Customer")))
    assert [row["QueryResponse"]["maxResults"] for row in rows] == [899, 101]
    assert desk.query("select count(*) from Customer") == {"totalCount": 899}


def test_sixty_bills_in_two_batches_are_each_there_once(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    items = [{"operation": "create", "Bill": bill(DocNumber=f"S-{at:03d}")} for at in range(60)]
    rows = [*desk.batch(*items[:30]), *desk.batch(*items[30:])]
    assert {row["Bill"]["DocNumber"] for row in rows} == {f"S-{at:03d}" for at in range(60)}
    assert desk.query("select count(*) from Bill") == {"totalCount": 60}

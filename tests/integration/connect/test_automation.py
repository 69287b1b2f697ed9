"""What an account does by itself, over the API."""

from tests.integration.connect.conftest import World


def test_it_is_read_and_changed(world: World) -> None:
    account = world.account()
    path = f"/v1/accounts/{account}/automation"
    first = world.call("GET", path)
    assert first.json == {
        "auto_publish": False, "auto_publish_exceptions": [], "auto_publish_confidence": "0.90", "refresh_hours": None,
    }  # fmt: skip
    wanted = {"auto_publish": True, "auto_publish_exceptions": ["credit_note"], "auto_publish_confidence": "0.75"}
    changed = world.call("PATCH", path, {**wanted, "refresh_hours": 12}, if_match="*")
    assert (changed.status, changed.json) == (200, {**wanted, "refresh_hours": 12})
    assert world.call("GET", path).json == changed.json
    stored = world.service.accounts.get(world.tenant, account)
    assert stored is not None
    assert stored.auto_publish.since is not None
    again = world.call("PATCH", path, {"refresh_hours": None}, if_match="*").json
    assert (again["refresh_hours"], again["auto_publish"]) == (None, True)


def test_what_makes_no_sense_is_refused_by_name(world: World) -> None:
    path = f"/v1/accounts/{world.account()}/automation"
    for body, field in (
        ({"auto_publish_confidence": "1.2"}, "auto_publish_confidence"),
        ({"auto_publish_exceptions": ["ticket"]}, "auto_publish_exceptions[0]"),
        ({"refresh_hours": 0}, "refresh_hours"),
        ({"auto_publish": None}, "auto_publish"),
    ):
        refused = world.call("PATCH", path, body, if_match="*")
        assert (refused.status, refused.json["field"]) == (422, field)
    assert world.call("PATCH", path, {"refresh_hours": 3}).status == 428

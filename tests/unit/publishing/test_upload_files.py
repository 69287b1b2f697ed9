"""Groups of files against a provider that takes several in one call and answers as a test says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from shared.domain.errors import Problem
from shared.domain.items import Fact, FactOutcome
from shared.providers.contract import CallFailed, FileAnswer, FileToAttach, Upload, Wanted, WholeRefused
from shared.usecases.upload_files import upload_files

NOW = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
LOST = CallFailed(Problem("provider_unavailable"), sent=True)
Script = Callable[[Sequence[str]], list[FileAnswer]]


@dataclass
class Software:
    """Files by name, in the calls that brought or sought them. `script` says what each upload does, in turn."""

    script: list[Script | Exception] = field(default_factory=list)
    there: set[str] = field(default_factory=set)
    uploads: list[list[str]] = field(default_factory=list)
    looks: list[list[str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    file_settle: timedelta = timedelta()

    @property
    def profile(self) -> SimpleNamespace:
        return SimpleNamespace(publishing=SimpleNamespace(file_settle=self.file_settle))

    def attach(self, _: object, uploads: Sequence[Upload], key: str) -> list[FileAnswer]:
        names = [one.file.name for one in uploads]
        self.uploads.append(names)
        self.keys.append(key)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        answers = step(names) if step else [FileAnswer(name, f"id-{name}") for name in names]
        self.there |= {answer.name for answer in answers if answer.attachment_id}
        return answers

    def attached(self, _: object, uploads: Sequence[Upload]) -> list[FileAnswer]:
        names = [one.file.name for one in uploads]
        self.looks.append(names)
        return [FileAnswer(name, f"id-{name}") for name in names if name in self.there]


def outcomes(
    software: Software, names: str, *, look_first: bool = False, earlier: Fact | None = None
) -> dict[str, Fact]:
    drain = SimpleNamespace(
        provider=software,
        now=lambda: NOW,
        need_time_for_a_call=lambda: None,
        service=SimpleNamespace(clock=SimpleNamespace(scale=lambda wait: wait)),
        call=lambda _, attempt: attempt(None, None),
    )
    uploads = {
        f"item {name}": Upload(Wanted("Bill", f"doc {name}"), FileToAttach(name, "application/pdf", name.encode()))
        for name in names
    }
    found: dict[str, Fact] = {}
    before = dict.fromkeys(uploads, earlier or Fact(FactOutcome.PENDING))
    upload_files(cast(Any, drain), cast(Any, None), uploads, found, before, look_first=look_first)
    return found


def done(names: str) -> dict[str, Fact]:
    return {f"item {name}": Fact(FactOutcome.DONE, f"id-{name}") for name in names}


def test_a_group_goes_up_in_one_call_and_answers_are_matched_by_name() -> None:
    software = Software([lambda names: [FileAnswer(name, f"id-{name}") for name in reversed(names)]])
    assert outcomes(software, "abc") == done("abc")
    assert (software.uploads, software.looks) == ([["a", "b", "c"]], [])


def test_a_lost_answer_is_looked_for_and_only_what_is_missing_goes_up_again_under_a_new_key() -> None:
    software = Software([LOST], there={"a", "c"})
    assert outcomes(software, "abc") == done("abc")
    assert software.uploads == [["a", "b", "c"], ["b"]]
    assert software.looks == [["a", "b", "c"]]
    assert len(set(software.keys)) == 2


def test_every_try_has_a_key_of_its_own_and_tries_end() -> None:
    software = Software([LOST, LOST, LOST])
    found = outcomes(software, "ab")
    assert {fact.outcome for fact in found.values()} == {FactOutcome.FAILED}
    assert {fact.problem.code for fact in found.values() if fact.problem} == {"attachment_failed"}
    assert len(set(software.keys)) == 3


def test_a_file_refused_by_name_fails_alone() -> None:
    bad = Problem("file_type_refused")
    software = Software([lambda _: [FileAnswer("a", "id-a"), FileAnswer("b", problem=bad)]])
    found = outcomes(software, "ab")
    assert found["item a"] == Fact(FactOutcome.DONE, "id-a")
    assert found["item b"] == Fact(FactOutcome.FAILED, problem=bad)


def test_a_group_refused_whole_goes_up_one_by_one() -> None:
    refusal = WholeRefused(Problem("file_type_refused"))
    software = Software([refusal, lambda names: [FileAnswer(names[0], "id-a")], refusal])
    found = outcomes(software, "abc")
    assert found["item a"] == Fact(FactOutcome.DONE, "id-a")
    assert found["item b"] == Fact(FactOutcome.FAILED, problem=refusal.problem)
    assert found["item c"].outcome is FactOutcome.DONE
    assert software.uploads == [["a", "b", "c"], ["a"], ["b"], ["c"]]


def test_files_that_an_answer_leaves_out_are_looked_for_and_go_up_one_by_one() -> None:
    software = Software([lambda _: [FileAnswer("b", "id-b")]], there={"c"})
    assert outcomes(software, "abc") == done("abc")
    assert software.uploads == [["a", "b", "c"], ["a"]]
    assert software.looks == [["a"], ["c"]]


def test_what_may_be_there_is_looked_for_before_anything_goes_up() -> None:
    software = Software(there={"a", "b"})
    assert outcomes(software, "ab", look_first=True) == done("ab")
    assert software.uploads == []


def test_where_files_show_late_a_lost_answer_rests_and_is_sent_three_times_at_most() -> None:
    software = Software([LOST] * 9, file_settle=timedelta(minutes=1))
    fact = outcomes(software, "a")["item a"]
    sent = [len(software.uploads)]
    while fact.outcome is FactOutcome.PENDING and len(sent) < 9:
        assert fact.problem is not None
        assert fact.problem.until == NOW + timedelta(minutes=1)
        fact = outcomes(software, "a", look_first=True, earlier=fact)["item a"]
        sent.append(len(software.uploads))
    assert sent == [1, 2, 3, 3], "the last rest ends with a look alone"
    assert fact == Fact(
        FactOutcome.FAILED, problem=Problem("attachment_failed", details={"cause": "provider_unavailable"})
    )


def test_what_shows_after_its_rest_is_not_sent_again() -> None:
    software = Software([LOST], file_settle=timedelta(minutes=1))
    rests = outcomes(software, "a")["item a"]
    software.there.add("a")
    assert outcomes(software, "a", look_first=True, earlier=rests) == done("a")
    assert len(software.uploads) == 1


def test_a_worker_that_died_after_its_first_upload_meets_its_own_key() -> None:
    first, second = Software(), Software()
    outcomes(first, "ab")
    outcomes(second, "ab")
    assert first.keys == second.keys

"""A month of papers with nothing going wrong: what ends up in the books is what was asked for, once."""

from local.demo.month import month
from tests.integration.publishing.world import PDF, World


def test_a_month_of_papers(world: World) -> None:
    papers = month()
    ids = world.create([paper.item for paper in papers], file=PDF)
    world.publish(ids)
    world.settle()
    print(world.failures, world.dead_letters)
    from collections import Counter
    states = world.states()
    print(Counter(s.stage for s in states.values()), [s.reasons for s in states.values() if s.reasons], [s.last_error for s in states.values() if s.last_error])
    print(world.sandbox.read("/counts"))
    assert 0

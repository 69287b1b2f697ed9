"""One small publication with everything in it, and how it is run up to a chosen effect."""

from itertools import count
from typing import Any

from rehearsal.process import Process
from rehearsal.world import PDF, World

_names = count(1)


def everything(world: World) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Bodies with a file and without, of all that the provider has: a new supplier on two items, payments, twins that
    Xero cannot tell apart.
    """
    papers, has = world.papers, world.software.calls
    supplier = {"contact": world.newcomer(f"New supplier {next(_names)}")} if "supplier" in has else {}
    number = f"CN-{next(_names)}"
    with_file = [papers.bill(**supplier), papers.paid_bill() if "payment" in has else papers.bill()]
    without = [papers.bill(**supplier)]
    if "credit_note" in has:
        without += [papers.supplier_credit(number=number), papers.supplier_credit(number=number)]
    if "money" in has:
        without.append(papers.spend_money())
    if papers.customer:
        without.append(papers.sales_invoice(number="SAME"))  # Xero refuses it from the second run on: it is taken
    return with_file, without


def asked_for(world: World) -> list[str]:
    """The scenario's items, their publication waiting in the queue."""
    with_file, without = everything(world)
    ids = [*world.create(with_file, file=PDF), *world.create(without)]
    world.publish(ids)
    return ids


def run(world: World, process: Process) -> None:
    """Deliver what is due, all to one process, until it dies or nothing is due."""
    while not process.dead and (due := [message for message in world.queue if message.due <= world.time()]):
        world.deliver(due[0], process)

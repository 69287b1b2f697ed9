"""One small publication with everything in it, and how it is run up to a chosen effect."""

from itertools import count
from typing import Any

from rehearsal.papers import bill, paid_bill, sales_invoice, spend_money, supplier_credit
from rehearsal.process import Process
from rehearsal.world import PDF, World

_names = count(1)


def everything() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Bodies with a file and without: a new supplier on two items, payments, twins that Xero cannot tell apart."""
    supplier = {"name": f"New supplier {next(_names)}"}
    number = f"CN-{next(_names)}"
    with_file = [bill(contact=supplier), paid_bill()]
    without = [
        bill(contact=supplier),
        supplier_credit(number=number),
        supplier_credit(number=number),
        spend_money(),
        sales_invoice(number="SAME"),  # refused from the second run on: the number is taken
    ]
    return with_file, without


def asked_for(world: World) -> list[str]:
    """The scenario's items, their publication waiting in the queue."""
    with_file, without = everything()
    ids = [*world.create(with_file, file=PDF), *world.create(without)]
    world.publish(ids)
    return ids


def run(world: World, process: Process) -> None:
    """Deliver what is due, all to one process, until it dies or nothing is due."""
    while not process.dead and (due := [message for message in world.queue if message.due <= world.time()]):
        world.deliver(due[0], process)

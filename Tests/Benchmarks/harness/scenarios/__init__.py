"""The scenarios by name, in the order in which a whole run takes them."""

from . import big_body, flat_memory, idle, load, loops, reload

SCENARIOS = {**load.SCENARIOS, **idle.SCENARIOS, **loops.SCENARIOS, **flat_memory.SCENARIOS, **reload.SCENARIOS,
             **big_body.SCENARIOS}
